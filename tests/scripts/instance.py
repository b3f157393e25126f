"""An instance for the programs of the image: its metadata service, and what it is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.gateway.scene import AUDIENCE, MEMBER, REGION
from workhorse.local.agent.proof import Key

TOKEN = "X-aws-ec2-metadata-token"
ROLE = "meta-data/iam/security-credentials/"


class Imds:
    """The metadata service of one instance: its leaves, and who asked how."""

    def __init__(self) -> None:
        self.leaves: dict[str, str] = {
            "meta-data/instance-id": MEMBER,
            "meta-data/placement/region": REGION,
            "meta-data/services/domain": "amazonaws.com",
        }
        self.tokens = 0
        self.valid = ""
        self.connections = 0
        self.url = ""

    def give(self, key: Key) -> None:
        """The role's credentials."""
        told = {"AccessKeyId": key.id, "SecretAccessKey": key.secret, "Token": key.token}
        self.leaves[ROLE] = "linux-agent"
        self.leaves[f"{ROLE}linux-agent"] = json.dumps(told)

    def grant(self) -> str:
        """A new token; those before it have ended."""
        self.tokens += 1
        self.valid = f"token-{self.tokens}"
        return self.valid


@contextmanager
def served_imds() -> Iterator[Imds]:
    """The service, behind HTTP on loopback."""
    imds = Imds()

    class Face(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            imds.connections += 1

        def do_PUT(self) -> None:
            self._answer(200, imds.grant())

        def do_GET(self) -> None:
            found = imds.leaves.get(self.path.removeprefix("/latest/"))
            if not imds.valid or self.headers.get(TOKEN) != imds.valid:
                self._answer(401, "")
            else:
                self._answer(404 if found is None else 200, found or "")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Face) as server:
        server.daemon_threads = True
        imds.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield imds
        finally:
            server.shutdown()
            thread.join()


class Time:
    """A clock that only resting moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []

    def clock(self) -> float:
        """Seconds so far."""
        return self.now

    def rest(self, seconds: float) -> None:
        """Let time pass."""
        self.rests.append(seconds)
        self.now += seconds


def user_data(url: str, **more: Any) -> str:
    """What the module agent-pool tells an agent that comes in by the gateway."""
    lines = {"GATEWAY_URL": url, "GATEWAY_AUDIENCE": AUDIENCE, **more}
    return "".join(f"{name}={value}\n" for name, value in lines.items())
