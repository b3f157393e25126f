"""Connections of the gateway that nobody can hold for long, and requests of one reading only.

cheroot waits a few seconds for each piece of a request, and for as many pieces as somebody sends.
It reads lengths and bodies in chunks more generously than what may stand in front of us, and leaves
on the connection what the application does not read: behind a load balancer, that would be
another's request.
"""

import socket
import threading
from collections import Counter

from cheroot.server import HTTPConnection, HTTPRequest

REQUEST_SECONDS = 10.0
"""For a client to send a request, its handshake included, however small the pieces."""


class WholeRequest(HTTPRequest):
    """The one request of its connection, whose body has a length that was told."""

    def read_request_headers(self) -> bool:
        """Read them; False, after an answer that ends the connection, where they will not do."""
        if not super().read_request_headers():  # type: ignore[no-untyped-call]
            return False
        # Agents ask once a minute. And a load balancer that keeps a connection for longer than we
        # do sends its next request into one that has just ended.
        self.close_connection = True
        if self.chunked_read:
            self.simple_response("411 Length Required")
            return False
        return True


class Crowd:
    """Counts the open connections of each address; for the thread that accepts and all that serve.

    Args:
        most: of one address: else one client that says nothing could hold every thread.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._open: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """One more of that address; False when it has as many already."""
        with self._lock:
            if self._open[address] >= self._most:
                return False
            self._open[address] += 1
            return True

    def leave(self, address: str) -> None:
        """One fewer; an address without any is forgotten."""
        with self._lock:
            self._open[address] -= 1
            if self._open[address] <= 0:
                del self._open[address]


class PatientConnection(HTTPConnection):
    """Stops to listen to a client that takes too long; what it was asked before is answered."""

    RequestHandlerClass = WholeRequest
    crowd: Crowd | None = None
    """Where it is counted."""

    def close(self) -> None:
        """Close it, and count it no more."""
        super().close()
        crowd, self.crowd = self.crowd, None
        if crowd is not None:
            crowd.leave(self.remote_addr)

    def communicate(self) -> bool:
        """Serve one request; whether the connection stays open."""
        timer = threading.Timer(REQUEST_SECONDS, self._stop_listening)
        timer.daemon = True
        timer.start()
        try:
            return bool(super().communicate())  # type: ignore[no-untyped-call]
        finally:
            timer.cancel()

    def _stop_listening(self) -> None:
        """Shut the half that reads; the method of an SSL socket would end the answer's too."""
        try:
            socket.socket.shutdown(self.socket, socket.SHUT_RD)
        except OSError:
            return  # It has ended by itself.
