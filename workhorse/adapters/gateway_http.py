"""The gateway's face: HTTP, over TLS where it has a certificate; JSON in and out.

What comes in is bounded before it is read, and nothing of it is logged: bodies hold secrets.
cheroot keeps the threads, the time-outs and idle connections.
"""

import json
import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

from cheroot.wsgi import Server

from workhorse.adapters.gateway_connection import Crowd, PatientConnection
from workhorse.adapters.gateway_tls import Tls
from workhorse.core.errors import Refusal
from workhorse.core.requests import Reply, Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_BODY_BYTES = 128 * 1024
"""The largest body is the log of a failed boot: 64 KiB, and as much again for JSON's escapes."""

MOST_HEADER_BYTES = 16 * 1024

THREADS = 48
"""Requests that are worked on at once; those that wait for Jenkins' turn are among them."""

ACCEPTED = 48
"""Connections that wait here for a thread. Each costs a file descriptor, which the loops need too
to speak with AWS and Jenkins: a process often has 1024 of them, and one build can open as many."""

WAITING = 2048
"""Connections that the kernel keeps beyond those: a thousand agents may boot together."""

TIMEOUT_SECONDS = 5
"""For each piece of a request."""

STOP_SECONDS = 5

Answer = Callable[[Request], Reply]
"""Answers a request; called by many threads."""


class GatewayServer:
    """Serves until it is closed."""

    def __init__(  # noqa: PLR0913 - what a server is given, by name
        self,
        answer: Answer,
        listen: str,
        *,
        certificate: str = "",
        key: str = "",
        ended: Callable[[], None] = lambda: None,
        told: Callable[[str], None] = lambda _: None,
        most_per_peer: int = THREADS + WAITING,
    ) -> None:
        """Listen.

        Args:
            answer: the mind behind the face.
            listen: host:port; port 0 takes a free one.
            certificate: file of the TLS certificate chain; empty for plain HTTP.
            key: file of its key.
            ended: told when it ends though nobody closed it, which is a bug of ours or cheroot's.
            told: hears of what goes wrong here and is no client's doing; without secrets.
            most_per_peer: connections that one address may have open at once.

        Raises:
            Refusal: the address is taken or not ours, or the certificate cannot be used.
        """
        host, _, port = listen.rpartition(":")
        server = _Quiet(
            (host, int(port)),
            application(answer),
            numthreads=THREADS,
            accepted_queue_size=ACCEPTED,
            request_queue_size=WAITING,
            timeout=TIMEOUT_SECONDS,
            shutdown_timeout=STOP_SECONDS,
        )
        server.told, server.crowd = told, Crowd(most_per_peer)
        server.max_request_body_size = MOST_BODY_BYTES
        server.max_request_header_size = MOST_HEADER_BYTES
        if certificate:
            server.ssl_adapter = Tls(certificate, key, told)
        try:
            # Asked first: cheroot leaves the socket of a failure open.
            socket.create_server((host, int(port))).close()
            server.prepare()
        except OSError as wrong:
            raise Refusal(f"gateway.listen: {listen}: {wrong}") from wrong
        self._server = server
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://{host}:{server.bind_addr[1]}"
        self._ended = ended
        self._closed = False
        self.broken = False
        """It ended though nobody closed it."""
        self._thread = threading.Thread(target=self._serve, name="gateway", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._server.serve()
        finally:
            if not self._closed:
                self.broken = True
                self._ended()

    def close(self) -> None:
        """Stop listening; requests that are worked on have some seconds to end."""
        self._closed = True
        self._server.stop()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Quiet(Server):
    """cheroot prints what goes wrong with a client, who may send anything."""

    ConnectionClass = PatientConnection
    told: Callable[[str], None]
    crowd: Crowd

    def process_conn(self, conn: PatientConnection) -> None:
        """Have it served, unless its address has as many open as it may."""
        if self.crowd.enter(conn.remote_addr):
            conn.crowd = self.crowd
            super().process_conn(conn)
        else:
            conn.close()

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - cheroot's shape
        """Tell of what is a bug of ours, by its kind and place: its words may hold a secret."""
        error = sys.exc_info()[1]
        if level < logging.ERROR or error is None:
            return
        frame = extract_tb(error.__traceback__)[-1]
        self.told(f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}")


def application(answer: Answer) -> Callable[..., Iterable[bytes]]:
    """The WSGI application around an answer."""

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        reply = _answered(answer, environ)
        content = reply.content
        kind = "application/json" if content is None else "application/octet-stream"
        body = json.dumps(reply.body).encode() if content is None else content
        headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        headers += [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
        if reply.retry_seconds is not None:
            headers.append(("Retry-After", str(max(1, int(-(-reply.retry_seconds // 1))))))
        status = HTTPStatus(reply.status)
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    return app


def _answered(answer: Answer, environ: "WSGIEnvironment") -> Reply:
    try:
        body = _body(environ)
    except ValueError as wrong:
        return Reply(status=HTTPStatus.BAD_REQUEST, body={"error": f"the body: {wrong}"})
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return answer(
        Request(
            method=environ["REQUEST_METHOD"],
            path=unquote(environ["PATH_INFO"]),
            body=body,
            bearer=token.strip() if scheme.lower() == "bearer" else "",
            peer=environ.get("REMOTE_ADDR", ""),
        )
    )


def _body(environ: "WSGIEnvironment") -> dict[str, Any]:
    """The JSON object; empty where no body came.

    Raises:
        ValueError: it is something else.
    """
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        raise ValueError("its length is no number")
    raw = environ["wsgi.input"].read(min(int(length), MOST_BODY_BYTES))
    if not raw:
        return {}
    try:
        found = json.loads(raw, object_pairs_hook=_object, parse_constant=_number)
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("must be a JSON object")  # noqa: TRY004 - caught above, as all of a body
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two keys counts depends on the reader: so neither does."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
