"""A gateway of a few lines: it says what a test had it say, and remembers what it was told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = dict[str, Any]


@dataclass
class Gate:
    """What agents said, and what they are answered."""

    url: str = ""
    said: list[tuple[str, JSON, str]] = field(default_factory=list)
    """Route, body and bearer of each request, in order."""
    answers: dict[str, JSON | Callable[[JSON], JSON]] = field(default_factory=dict)
    """Body by route, or what makes it of the request's; `{}` where there is none."""
    lease: str = "lease-1"
    """Any other bearer is refused where one is needed."""

    def told(self, route: str) -> list[JSON]:
        """The bodies that came by a route."""
        return [body for said, body, _bearer in self.said if said == route]

    def answer(self, route: str, body: JSON, bearer: str) -> tuple[int, JSON]:
        """Status and body."""
        self.said.append((route, body, bearer))
        if route not in {"nonce", "register"} and bearer != self.lease:
            return 401, {"error": "no lease"}
        found = self.answers.get(route, {})
        return 200, found if isinstance(found, dict) else found(body)


def open_place(**more: object) -> JSON:
    """The answer of a registration that went well."""
    return {
        "name": "i-0abc",
        "pool": "linux",
        "jenkins_url": "http://jenkins.example",
        "secret": "s3cret",
        "directory": "/agents",
        "connection": "websocket",
        "labels": ["linux"],
        "executors": 1,
        "lease": "lease-1",
        "lease_seconds": 900,
        "jar_sha256": "",
        "idle_minutes": 0,
        "cache": False,
        "late": None,
        **more,
    }


@contextmanager
def gate() -> Iterator[Gate]:
    """One on a free port; registrations go well."""
    found = Gate(answers={"nonce": {"nonce": "n-1", "seconds": 60}, "register": open_place()})

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            bearer = (self.headers["Authorization"] or "").removeprefix("Bearer ")
            route = self.path.removeprefix("/v1/")
            status, body = found.answer(route, json.loads(self.rfile.read(size)), bearer)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
