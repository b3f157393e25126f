"""Connections: whoever drips holds nobody up, and what was sent is read in one way only."""

import http.client
import queue
import select
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.gateway.test_face import certificate
from tests.patience import eventually
from workhorse.adapters import gateway_connection, gateway_http
from workhorse.adapters.gateway_http import ACCEPTED, THREADS, GatewayServer
from workhorse.core.requests import Reply, Request

__all__ = ["certificate"]

SECONDS = 1.0
"""How long a request may take here, where that is what is tried."""


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that takes longer is given up."""
    monkeypatch.setattr(gateway_connection, "REQUEST_SECONDS", SECONDS)


@pytest.fixture(params=["http", "https"])
def served(
    request: pytest.FixtureRequest, certificate: tuple[Path, Path]
) -> Iterator[tuple[socket.socket, threading.Event]]:
    """A connection, and what is awaited before an answer."""
    chain, key = map(str, certificate)
    tls = {"certificate": chain, "key": key} if request.param == "https" else {}
    leave = threading.Event()

    def answer(one: Request) -> Reply:
        if one.path == "/slow":
            leave.wait(20)
        return Reply(status=200)

    with GatewayServer(answer, "127.0.0.1:0", **tls) as server:
        host, port = server.url.partition("://")[2].split(":")
        with socket.create_connection((host, int(port)), timeout=20) as plain:
            if not tls:
                yield plain, leave
                return
            trusting = ssl.create_default_context(cafile=chain)
            with trusting.wrap_socket(plain, server_hostname=host) as wrapped:
                yield wrapped, leave


Served = tuple[socket.socket, threading.Event]


def drip(peer: socket.socket, seconds: float) -> bool:
    """Send a byte every now and then; whether the other side had enough within the seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            peer.sendall(b"x")
        except OSError:
            return True
        if select.select([peer], [], [], 0.05)[0]:
            return True
    return False


@pytest.mark.usefixtures("in_a_hurry")
def test_a_request_that_comes_in_drops_is_given_up(served: Served) -> None:
    """Each drop is in time: forty-eight such clients would hold all threads for hours."""
    peer, _ = served
    peer.sendall(b"POST /v1/nonce HTTP/1.1\r\nHost: a\r\nX-Drops: ")

    assert drip(peer, 60)


@pytest.mark.usefixtures("in_a_hurry")
def test_an_answer_that_takes_longer_than_a_request_may_is_given(served: Served) -> None:
    peer, leave = served
    peer.sendall(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    peer.settimeout(2 * SECONDS)
    with pytest.raises(TimeoutError):
        peer.recv(1)
    peer.settimeout(20)
    leave.set()

    assert peer.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("more", [b"", b"Content-Length: 4\r\n"])
def test_a_body_without_a_length_ends_the_connection(served: Served, more: bytes) -> None:
    """What is not read of it would be the next request, behind a load balancer another client's."""
    peer, _ = served
    smuggled = b"POST /smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    head = b"POST /v1/nonce HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + more
    peer.sendall(head + b"\r\n" + smuggled)

    said = b""
    while piece := peer.recv(4096):
        said += piece
    assert said.startswith(b"HTTP/1.1 411 ")
    assert said.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "length", [b"0", b"+2", b"0_2", b"2\r\nContent-Length: 0", b"0\r\nContent-Length: 2"]
)
def test_what_comes_behind_a_request_is_nobodys(served: Served, length: bytes) -> None:
    """Whoever stands in front of us may read a length otherwise than we do."""
    peer, _ = served
    smuggled = b"POST /smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    head = b"POST /v1/nonce HTTP/1.1\r\nHost: a\r\nContent-Length: " + length
    peer.sendall(head + b"\r\n\r\n{}" + smuggled)

    said = b""
    with suppress(ConnectionResetError):  # What was not read may be answered so.
        while piece := peer.recv(4096):
            said += piece
    assert said.count(b"HTTP/1.1 ") <= 1
    assert b"Connection: close\r\n" in said or not said


def accepting_waits(server: GatewayServer) -> bool:
    """The thread that accepts waits for room in the queue."""
    frame = sys._current_frames().get(server._thread.ident or 0)
    while frame is not None:
        if frame.f_code is queue.Queue.put.__code__:
            return True
        frame = frame.f_back
    return False


def descriptors() -> int:
    """How many files and sockets this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_idle_connections_take_few_file_descriptors_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The loops need theirs: without them no hook gets its heartbeat."""
    monkeypatch.setattr(gateway_connection, "REQUEST_SECONDS", 120)
    monkeypatch.setattr(gateway_http, "TIMEOUT_SECONDS", 120)
    many = 2 * (THREADS + ACCEPTED)
    with ExitStack() as stack:
        server = stack.enter_context(GatewayServer(lambda _: Reply(status=200), "127.0.0.1:0"))
        host, port = server.url.removeprefix("http://").split(":")
        before = descriptors()
        for _ in range(many):
            stack.enter_context(socket.create_connection((host, int(port)), timeout=20))
        eventually(lambda: accepting_waits(server))
        assert descriptors() - before - many <= THREADS + ACCEPTED + 8


def test_one_address_holds_a_few_threads_and_others_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All that a build opens comes from its agent's address."""
    monkeypatch.setattr(gateway_connection, "REQUEST_SECONDS", 120)
    monkeypatch.setattr(gateway_http, "TIMEOUT_SECONDS", 120)
    with (
        GatewayServer(lambda _: Reply(status=200), "127.0.0.1:0", most_per_peer=4) as server,
        ExitStack() as stack,
    ):
        host, port = server.url.removeprefix("http://").split(":")
        address = (host, int(port))
        held = [socket.create_connection(address, timeout=60) for _ in range(60)]
        for one in held:
            stack.enter_context(one)
        for refused in held[4:]:
            assert over(refused)
        assert answered(address, "127.0.0.2")

        held[0].close()
        eventually(lambda: answered(address, "127.0.0.1"))


def over(peer: socket.socket) -> bool:
    """The other side ends it."""
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def answered(address: tuple[str, int], source: str) -> bool:
    """Whoever asks from there is answered, and not sent away."""
    peer = http.client.HTTPConnection(*address, timeout=60, source_address=(source, 0))
    try:
        peer.request("GET", "/healthz")
        return peer.getresponse().status == 200
    except ConnectionError:
        return False
    finally:
        peer.close()
