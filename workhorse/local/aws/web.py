"""The HTTP face: moto's application, the metadata service and the control panel on one port.

HTTP/1.1 with kept connections, on 127.0.0.1 only.
"""

import io
import json
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.wrappers import Request, Response

from workhorse.local.aws.admin import Admin, BadRequestError
from workhorse.local.aws.ec2_life import new_token
from workhorse.local.aws.engine import Engine
from workhorse.local.aws.imds import respond
from workhorse.local.aws.signatures import Presented, is_for_sts, refusal

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class Handler(MotoRequestHandler):
    """moto's handler, with kept connections, without Nagle's delay and without a log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the events of the engine are the record."""


class Server(ThreadedWSGIServer):
    """A threaded server that can end while clients keep their connections open."""

    def __init__(self, port: int, app: "Application") -> None:
        super().__init__("127.0.0.1", port, app, handler=Handler)
        self._sockets: set[socket.socket] = set()
        self._guard = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Remember the connection while a thread serves it."""
        with self._guard:
            self._sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 (socketserver's signature)
        """Forget the connection when its thread is done."""
        with self._guard:
            self._sockets.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close what clients keep open, so that the threads behind end."""
        with self._guard:
            for one in self._sockets:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class Application:
    """The WSGI application: /_local/ and /imds/ here, all else to moto."""

    def __init__(self, engine: Engine, admin: Admin) -> None:
        self.engine = engine
        self.admin = admin
        self.moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith("/_local/"):
            return self._local(Request(environ), path.removeprefix("/_local/"))(
                environ, start_response
            )
        if path.startswith("/imds/"):
            return self._metadata(Request(environ), path.removeprefix("/imds/"))(
                environ, start_response
            )
        if is_for_sts(str(environ.get("HTTP_AUTHORIZATION", ""))):
            refused = self._unproved(environ)
            if refused is not None:
                return refused(environ, start_response)
        answer: Iterable[bytes] = self.moto(environ, start_response)
        return answer

    def _unproved(self, environ: Environ) -> Response | None:
        """What STS refuses; moto gets the body as if nobody had read it."""
        request = Request(environ)
        body = request.get_data(parse_form_data=False)
        environ["wsgi.input"] = io.BytesIO(body)
        presented = Presented(
            method=request.method,
            path=request.path,
            query=request.query_string.decode("latin-1"),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
        )
        with self.engine.lock:
            clock = self.engine.clock
            refused = refusal(presented, self.engine.credentials.find, clock.wall())
            if refused is None:
                return None
            self.engine.record("identity.refused", clock.now(), because=refused.code)
        return Response(refused.xml(new_token()), status=403, mimetype="text/xml")

    def _local(self, request: Request, route: str) -> Response:
        try:
            text = request.get_data(as_text=True)
            body = json.loads(text) if text else {}
            body |= dict(parse_qsl(request.query_string.decode()))
            answer, status = self.admin.answer(request.method, route, body), 200
        except (BadRequestError, json.JSONDecodeError, TypeError) as error:
            answer, status = {"error": str(error)}, 400
        return Response(json.dumps(answer), status=status, mimetype="application/json")

    def _metadata(self, request: Request, path: str) -> Response:
        request.get_data()
        with self.engine.lock:
            answer = respond(self.engine, request.method, path, dict(request.headers))
        return Response(
            answer.text, status=answer.status, headers=list(answer.headers), mimetype="text/plain"
        )
