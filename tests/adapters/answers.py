"""A server on loopback that gives prepared answers and remembers what it was asked."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: status, headers, body."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | bytes = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: method, path without its query, the query, headers, body."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Answers:
    """The answers by `METHOD /path`; a list is used up, its last one stays."""

    url: str
    by_request: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def to(self, asked: Asked) -> Answer:
        """The answer to a request; 404 to one that nobody prepared."""
        self.asked.append(asked)
        found = self.by_request.get(f"{asked.method} {asked.path}", Answer(404))
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found


Some = TypeVar("Some", bound=Answers)


def serving() -> AbstractContextManager[Answers]:
    """Serve on a free port until the block ends."""
    return serving_as(Answers)


@contextmanager
def serving_as(kind: type[Some]) -> Iterator[Some]:
    """Serve answers of that kind."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_all(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path, _, query = self.path.partition("?")
            headers = {key.lower(): value for key, value in self.headers.items()}
            answer = answers.to(Asked(self.command, path, query, headers, body))
            content = answer.body if isinstance(answer.body, bytes) else answer.body.encode()
            self.send_response(answer.status)
            for key, value in answer.headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = handle_all  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers = kind(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
