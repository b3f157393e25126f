"""TLS of the gateway: handshakes in their own threads, and certificates that are renewed."""

import ssl
from collections.abc import Callable
from os import stat
from socket import socket

from cheroot.ssl.builtin import BuiltinSSLAdapter

from workhorse.core.errors import Refusal

Stamp = tuple[tuple[int, int], ...]


class Tls(BuiltinSSLAdapter):
    """Shakes hands where a request is read, in a thread of its own.

    cheroot does it where it accepts connections: one client that says nothing would hold up all.

    A certificate that is replaced on the disk holds for the next connection. While the new ones do
    not go together, as between the writing of one file and the other, the old ones stay.

    Args:
        certificate: file of the certificate chain.
        key: file of its key.
        told: hears why new ones cannot be used.

    Raises:
        Refusal: the certificate cannot be used.
    """

    def __init__(self, certificate: str, key: str, told: Callable[[str], None]) -> None:
        self._files = (certificate, key)
        self._told = told
        try:
            self._stamp = self._stamped()
            context = self._loaded()
            super().__init__(certificate, key)
        except (OSError, ValueError) as wrong:
            raise Refusal(f"gateway.certificate: {certificate}: {wrong}") from wrong
        self.context = context

    def wrap(self, sock: socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """The socket, before the handshake, and what the application is told of it."""
        self._renew()
        found = self.context.wrap_socket(sock, do_handshake_on_connect=False, server_side=True)
        return found, {"wsgi.url_scheme": "https", "HTTPS": "on"}

    def _stamped(self) -> Stamp:
        found = map(stat, self._files)
        return tuple((one.st_mtime_ns, one.st_ino) for one in found)

    def _loaded(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Else OpenSSL would ask at a terminal for that of a key that is encrypted.
        context.load_cert_chain(*self._files, password="")
        return context

    def _renew(self) -> None:
        """Take new files, once for each time that they are changed."""
        try:
            stamp = self._stamped()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            context = self._loaded()
        except (OSError, ValueError) as wrong:
            self._told(f"gateway.certificate: {self._files[0]}: the one of before stays: {wrong}")
        else:
            self.context = context
