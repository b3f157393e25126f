"""One exchange over HTTP, and the files that its answers become."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from scripts.agent import folder
from scripts.agent.exchange import ask


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """A server that says this to whoever comes, and hangs up; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                caller.recv(65536)
                caller.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1/late/x"
        thread.join()


def test_an_answer_that_breaks_off_is_none() -> None:
    """As a load balancer leaves it that loses its target; another try may bring all of it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    with saying(head + b"half") as url, pytest.raises(ConnectionError, match="IncompleteRead"):
        ask("GET", url)
    with saying(head + b"0123456789") as url:
        assert ask("GET", url).body == b"0123456789"


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    with saying(b"HTTP/1.0 200 OK\r\n\r\nall of it") as url:
        assert ask("GET", url).body == b"all of it"


def test_two_programs_may_write_the_same_file_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watcher renews the lease in the moment in which the cache's claim does."""
    fdopen, ours = os.fdopen, os.getpid()

    def meanwhile(*given: object) -> object:
        monkeypatch.setattr(os, "fdopen", fdopen)
        monkeypatch.setattr(os, "getpid", lambda: ours + 1)
        folder.keep_lease(tmp_path, "theirs")
        monkeypatch.setattr(os, "getpid", lambda: ours)
        return fdopen(*given)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "fdopen", meanwhile)
    folder.keep_lease(tmp_path, "ours")
    assert folder.lease_of(tmp_path) == "ours"
    assert [each.name for each in tmp_path.iterdir()] == ["lease"]
