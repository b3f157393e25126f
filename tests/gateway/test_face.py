"""The gateway's face: what it bounds, what it says of what it cannot read, TLS."""

import http.client
import json
import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.gateway.scene import Scene
from workhorse.adapters.gateway_http import MOST_BODY_BYTES, MOST_HEADER_BYTES, GatewayServer
from workhorse.core.errors import Misuse, Refusal
from workhorse.core.requests import Reply, Request


@pytest.fixture
def peer(scene: Scene) -> Iterator[http.client.HTTPConnection]:
    """A connection to the gateway."""
    made = http.client.HTTPConnection(scene.url.removeprefix("http://"), timeout=20)
    yield made
    made.close()


def answer(peer: http.client.HTTPConnection) -> tuple[int, bytes]:
    """Status and body."""
    found = peer.getresponse()
    return found.status, found.read()


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"7", b'"a"', b"null", b'{"a": NaN}', b"\xff", b"[" * 100_000, b'{"a":1,"a":2}'],
)
def test_what_is_no_json_object_is_refused_in_words(scene: Scene, body: bytes) -> None:
    found = scene.call("/v1/register", body)

    assert found.status == 400
    assert found.body["error"].startswith("the body:")


def test_a_body_that_is_too_large_is_not_read(peer: http.client.HTTPConnection) -> None:
    peer.putrequest("POST", "/v1/register")
    peer.putheader("Content-Length", str(MOST_BODY_BYTES + 1))
    peer.endheaders()

    assert answer(peer)[0] == 413


def test_headers_that_are_too_large_are_refused(peer: http.client.HTTPConnection) -> None:
    peer.request("POST", "/v1/here", headers={"Authorization": "B" * MOST_HEADER_BYTES})

    assert answer(peer)[0] == 413


def test_a_length_that_is_no_number_is_refused(peer: http.client.HTTPConnection) -> None:
    peer.putrequest("POST", "/v1/register")
    peer.putheader("Content-Length", "-1")
    peer.endheaders()

    assert answer(peer)[0] == 400


def test_one_connection_carries_one_request(peer: http.client.HTTPConnection) -> None:
    """A load balancer would keep it for longer than we do, and lose the next request in it."""
    peer.request("POST", "/v1/nonce", b"{}")
    found = peer.getresponse()

    assert (found.status, found.getheader("Connection")) == (200, "close")
    assert json.loads(found.read())["seconds"] == 60


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/register", 405),
        ("PUT", "/v1/nonce", 405),
        ("POST", "/v1/late/00", 405),
        ("POST", "/v1/nothing", 404),
        ("GET", "/", 404),
        ("GET", "/v1/late/../../etc/passwd", 401),
        ("GET", "/healthz", 200),
    ],
)
def test_other_paths_and_methods_are_told_apart(
    peer: http.client.HTTPConnection, method: str, path: str, status: int
) -> None:
    peer.request(method, path)
    found, body = answer(peer)

    assert found == status
    assert isinstance(json.loads(body), dict)


def test_answers_are_kept_by_nobody(scene: Scene) -> None:
    assert scene.register().headers["Cache-Control"] == "no-store"


def test_a_bug_of_ours_is_a_500_and_told_by_its_place_alone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def broken(request: Request) -> Reply:
        raise Misuse(f"the secret of {request.path}")

    told: list[str] = []
    with GatewayServer(broken, "127.0.0.1:0", told=told.append) as server:
        peer = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
        peer.request("POST", "/v1/here")
        status, body = answer(peer)
        peer.close()

    assert status == 500
    assert b"secret" not in body
    assert "secret" not in "".join(capfd.readouterr())
    assert [one.partition(" line ")[0] for one in told] == ["Misuse in test_face.py,"]


def test_nothing_that_was_sent_is_printed(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    lease = scene.lease()
    scene.call("/v1/here", b'{"canary-5f1d', lease=lease)
    scene.call("/v1/ask", {"kind": "canary-5f1d"}, lease=lease)

    assert "".join(capfd.readouterr()) == ""
    told = json.dumps(scene.world.records)
    assert "secret of" not in told
    assert lease not in told


def test_an_address_that_is_taken_is_refused_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Refusal, match=r"^gateway.listen: "):
            GatewayServer(lambda _: Reply(status=200), listen)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for loopback and its key."""
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "certificate.pem", folder / "key.pem"
    words = [
        "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2",
        f"-subj /CN=gateway -addext subjectAltName=IP:127.0.0.1 -out {paths[0]} -keyout {paths[1]}",
    ]
    subprocess.run(" ".join(words).split(), check=True, capture_output=True)
    return paths


def test_with_a_certificate_it_speaks_tls_of_1_2_at_least(certificate: tuple[Path, Path]) -> None:
    chain, key = map(str, certificate)
    with GatewayServer(
        lambda _: Reply(status=200), "127.0.0.1:0", certificate=chain, key=key
    ) as server:
        trusting = ssl.create_default_context(cafile=chain)
        peer = http.client.HTTPSConnection(
            server.url.removeprefix("https://"), context=trusting, timeout=20
        )
        peer.connect()
        assert peer.sock.version() in {"TLSv1.2", "TLSv1.3"}
        peer.request("GET", "/healthz")
        assert answer(peer)[0] == 200
        peer.close()

        old = ssl.create_default_context(cafile=chain)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        host, port = server.url.removeprefix("https://").split(":")
        with socket.create_connection((host, int(port))) as plain, pytest.raises(ssl.SSLError):
            old.wrap_socket(plain, server_hostname=host)


def test_clients_that_do_not_shake_hands_hold_up_nobody(certificate: tuple[Path, Path]) -> None:
    chain, key = map(str, certificate)
    with ExitStack() as stack:
        server = stack.enter_context(
            GatewayServer(lambda _: Reply(status=200), "127.0.0.1:0", certificate=chain, key=key)
        )
        host, port = server.url.removeprefix("https://").split(":")
        for said in (*[b"GET / HTTP/1.1\r\n\r\n"] * 60, *[b"\x16\x03\x01"] * 9, *[b""] * 9):
            silent = stack.enter_context(socket.create_connection((host, int(port))))
            silent.sendall(said)
            if len(said) > 3:
                silent.close()
        peer = http.client.HTTPSConnection(
            f"{host}:{port}", context=ssl.create_default_context(cafile=chain), timeout=25
        )
        peer.request("GET", "/healthz")
        assert answer(peer)[0] == 200
        peer.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_end_that_nobody_asked_for_is_told() -> None:
    """Its supervisor starts the controller again; without a gateway it would only look well."""
    told = threading.Event()
    server = GatewayServer(lambda _: Reply(status=200), "127.0.0.1:0", ended=told.set)
    server._server.interrupt = SystemExit("as after a bug in a worker")

    assert told.wait(20)
    assert server.broken
    server.close()


def test_a_close_is_no_end_to_tell_of() -> None:
    told = threading.Event()
    with GatewayServer(lambda _: Reply(status=200), "127.0.0.1:0", ended=told.set):
        pass

    assert not told.is_set()


def test_a_certificate_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")

    with pytest.raises(Refusal, match=r"^gateway.certificate: "):
        GatewayServer(lambda _: Reply(status=200), "127.0.0.1:0", certificate=missing, key=missing)
