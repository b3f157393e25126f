"""The agents' WebSocket client by itself, against a socket that plays the controller."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from workhorse.local.jenkins.agent_link import AgentLink, RefusedError, connect

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
PATIENCE = 60.0
"""Real seconds after which a test gives up."""


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        yield server


def _url(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}/jenkins/"


def _dialled(server: socket.socket) -> tuple[socket.socket, bytes]:
    """The next connection, with the head of its request."""
    found, _ = server.accept()
    found.settimeout(PATIENCE)
    head = b""
    while b"\r\n\r\n" not in head:
        head += found.recv(4096)
    return found, head


def _listen(link: AgentLink) -> threading.Thread:
    thread = threading.Thread(target=lambda: list(link.messages()), daemon=True)
    thread.start()
    return thread


def test_a_link_closed_during_its_handshake_ends_and_does_not_listen_on(
    listening: socket.socket,
) -> None:
    link = connect(_url(listening), "i-1", "secret")
    thread = _listen(link)
    controller, _ = _dialled(listening)
    with controller:
        link.close()
        controller.sendall(SWITCHING)
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_the_handshake_names_node_and_secret_below_the_context_path(
    listening: socket.socket,
) -> None:
    link = connect(_url(listening), "i-1", "the secret")
    thread = _listen(link)
    controller, head = _dialled(listening)
    with controller:
        lines = head.decode().split("\r\n")
        assert lines[0] == "GET /jenkins/wsagents/ HTTP/1.1"
        assert {"Node-Name: i-1", "Secret-Key: the secret"} <= set(lines)
        link.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_refused_link_that_may_not_reconnect_says_with_which_status(
    listening: socket.socket,
) -> None:
    link = connect(_url(listening), "i-1", "secret", reconnect=False)

    def refuse() -> None:
        controller, _ = _dialled(listening)
        with controller:
            controller.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    thread = threading.Thread(target=refuse, daemon=True)
    thread.start()
    with pytest.raises(RefusedError) as refused:
        list(link.messages())
    thread.join(PATIENCE)
    assert refused.value.status == 403


def test_the_link_loads_no_package_from_outside_the_standard_library() -> None:
    code = (
        "import sys, workhorse.local.jenkins.agent_link\n"
        "known = sys.stdlib_module_names | {'workhorse', '__main__'}\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} - known))"
    )
    found = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
