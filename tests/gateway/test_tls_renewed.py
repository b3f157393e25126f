"""A certificate that is replaced on the disk is that of the next connection."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from workhorse.adapters.gateway_http import GatewayServer
from workhorse.core.errors import Refusal
from workhorse.core.requests import Reply


def made(folder: Path, *more: str) -> tuple[Path, Path]:
    """A certificate for loopback and its key, in that folder."""
    folder.mkdir(exist_ok=True)
    chain, key = folder / "certificate.pem", folder / "key.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2"
    named = f"-subj /CN=gateway -addext subjectAltName=IP:127.0.0.1 -out {chain} -keyout {key}"
    asked = [*f"{words} {named}".split(), *(more or ("-nodes",))]
    subprocess.run(asked, check=True, capture_output=True)
    return chain, key


def put(source: Path, place: Path) -> None:
    """Replace a file as those do who renew certificates: at once, by another."""
    beside = place.with_suffix(".new")
    shutil.copy(source, beside)
    beside.replace(place)


def shown(server: GatewayServer) -> bytes:
    """The certificate that the next connection is shown."""
    host, port = server.url.removeprefix("https://").split(":")
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, int(port)), timeout=20) as plain,
        trusting.wrap_socket(plain) as wrapped,
    ):
        return wrapped.getpeercert(binary_form=True) or b""


def der(chain: Path) -> bytes:
    """The certificate in a file."""
    return ssl.PEM_cert_to_DER_cert(chain.read_text())


Served = tuple[GatewayServer, tuple[Path, Path], list[str]]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway, the files of its certificate, and what it told of."""
    files, told = made(tmp_path / "used"), list[str]()
    chain, key = map(str, files)
    with GatewayServer(
        lambda _: Reply(status=200), "127.0.0.1:0", certificate=chain, key=key, told=told.append
    ) as server:
        yield server, files, told


def test_new_files_hold_for_the_next_connection(served: Served, tmp_path: Path) -> None:
    server, (chain, key), told = served
    assert shown(server) == der(chain)
    new = made(tmp_path / "new")
    put(new[0], chain)
    put(new[1], key)
    assert shown(server) == der(new[0])
    assert told == []


def test_until_both_are_there_the_old_ones_stay_and_it_is_told_once(
    served: Served, tmp_path: Path
) -> None:
    server, (chain, key), told = served
    old, new = der(chain), made(tmp_path / "new")
    put(new[0], chain)
    assert [shown(server) for _ in range(3)] == [old] * 3
    assert len(told) == 1
    assert "the one of before stays" in told[0]
    put(new[1], key)
    assert shown(server) == der(new[0])


def test_files_that_are_gone_or_nothing_change_nothing(served: Served) -> None:
    server, (chain, _), _ = served
    old = der(chain)
    chain.write_text("nothing")
    assert shown(server) == old
    chain.unlink()
    assert shown(server) == old


def test_a_key_that_is_encrypted_is_refused_and_nobody_asked_at_a_terminal(tmp_path: Path) -> None:
    chain, key = map(str, made(tmp_path / "used", "-passout", "pass:secret"))
    with pytest.raises(Refusal, match=r"^gateway.certificate: "):
        GatewayServer(lambda _: Reply(status=200), "127.0.0.1:0", certificate=chain, key=key)
