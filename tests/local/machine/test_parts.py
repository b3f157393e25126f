"""The parts of a machine by themselves: layers, networks, who an instance is, its agent."""

import asyncio
import ctypes
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.machine.stage import NEEDED
from workhorse.local.agent.cloud import Cloud
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.clock import ScaledClock
from workhorse.local.machine import namespace
from workhorse.local.machine.base import base_tar
from workhorse.local.machine.identity import identity, made_from
from workhorse.local.machine.layers import BASE, Library
from workhorse.local.machine.needs import missing

ROOTED = pytest.mark.skipif(bool(NEEDED), reason=NEEDED or "machines can boot")
PATIENCE = 60.0
IMAGE = "ami-12c6146b"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    found = Library(tmp_path, {"ami-made": "i-1"}.get)
    found.layer(BASE).mkdir(parents=True)
    return found


def test_an_image_of_nobody_is_the_base(library: Library) -> None:
    assert library.stack("ami-debian") == (library.layer(BASE),)


def test_images_stand_on_images(library: Library) -> None:
    first = library.add("ami-1", BASE)
    second = library.add("ami-2", "ami-1")
    assert library.stack("ami-2") == (second, first, library.layer(BASE))


def test_an_image_made_of_an_instance_is_its_layer(library: Library) -> None:
    first = library.add("ami-1", BASE)
    machine = library.machine("i-1")
    machine.make(library.stack("ami-1"))
    assert library.stack("ami-made") == (machine.layer, first, library.layer(BASE))


def test_without_a_base_there_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no base image"):
        Library(tmp_path, lambda _image: "").stack("ami-1")


@ROOTED
def test_a_network_joins_its_loopback_with_ours() -> None:
    """What is said inside to a port is heard outside by whoever listens on that port."""
    with socket.create_server(("127.0.0.1", 0)) as outside:
        port = outside.getsockname()[1]
        heard = threading.Thread(target=_echo, args=(outside,), daemon=True)
        heard.start()
        assert asyncio.run(_said_inside(port, b"hello")) == b"HELLO"
        heard.join(PATIENCE)


@ROOTED
def test_inside_a_network_nothing_else_is_there() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as outside,
        pytest.raises(ConnectionRefusedError),
    ):
        asyncio.run(_said_inside(outside.getsockname()[1], b"hello", listen=False))


async def _said_inside(port: int, text: bytes, *, listen: bool = True) -> bytes:
    """Say something to a port of a namespace's loopback, and give the answer."""
    network = namespace.isolated([port] if listen else [])
    servers = await namespace.forward(network)
    try:
        return await asyncio.to_thread(_within, network.path, port, text)
    finally:
        for server in servers:
            server.close()
        os.close(network.descriptor)


def _within(path: str, port: int, text: bytes) -> bytes:
    """Connect from a thread that has moved into the namespace, and ends there."""
    found: list[bytes] = []
    wrong: list[OSError] = []

    def speak() -> None:
        with open(path, "rb") as file:  # noqa: PTH123 - a descriptor is wanted
            assert ctypes.CDLL(None).setns(file.fileno(), namespace.CLONE_NEWNET) == 0
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as inside:
                inside.sendall(text)
                inside.shutdown(socket.SHUT_WR)
                found.append(inside.recv(100))
        except OSError as error:
            wrong.append(error)

    thread = threading.Thread(target=speak)
    thread.start()
    thread.join()
    if wrong:
        raise wrong[0]
    return found[0]


def _echo(server: socket.socket) -> None:
    server.settimeout(PATIENCE)
    connection, _ = server.accept()
    with connection:
        connection.sendall(connection.recv(100).upper())


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedAws]:
    monkeypatch.delenv("MOTO_EC2_LOAD_DEFAULT_AMIS", raising=False)
    with EmbeddedAws(ScaledClock(1_767_225_600.0, 0.0), managed_policies=False) as found:
        yield found


def test_ec2_says_what_an_instance_boots_and_what_it_became(aws: EmbeddedAws) -> None:
    cloud = Cloud(aws.endpoint, "us-east-1")
    cloud.query("ec2", "CreateKeyPair", {"KeyName": "packer_1"})
    for more in ({"KeyName": "packer_1"}, {}):
        asked = {"ImageId": IMAGE, "MinCount": "1", "MaxCount": "1", **more}
        cloud.query("ec2", "RunInstances", asked)
    keyed, plain = sorted(
        (one.id for one in _instances(aws)),
        key=lambda instance: not identity(cloud, instance).public_key,
    )
    assert identity(cloud, plain).image == IMAGE
    assert identity(cloud, plain).public_key == ""
    assert identity(cloud, keyed).public_key.split()[::2] == ["ssh-rsa", "packer_1"]
    aws.advance(100)
    cloud.query("ec2", "CreateImage", {"InstanceId": keyed, "Name": "made of it"})
    (made,) = _own_images(aws)
    assert made_from(cloud, made) == keyed
    assert made_from(cloud, IMAGE) == ""


def _instances(aws: EmbeddedAws) -> list:
    from workhorse.local.aws.inventory import instances  # noqa: PLC0415 - of this process's cloud

    with aws.engine.lock:
        return instances()


def _own_images(aws: EmbeddedAws) -> list[str]:
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - of this process's cloud

    with aws.engine.lock:
        amis = ec2_backends["123456789012"]["us-east-1"].amis.values()
        return [one.id for one in amis if one.owner_id == "123456789012"]


def test_the_agent_of_a_machine_connects_with_the_secret_of_its_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        words = ["-url", url, "-name", "i-1", "-secret", f"@{secret}", "-webSocket"]
        program = [sys.executable, "-S", "-m", "workhorse.local.machine.link"]
        with subprocess.Popen(
            [*program, *words, "-workDir", str(tmp_path)],
            env={"PATH": os.environ["PATH"], "WORKHORSE_CLOCK": "1.0:1.0:1.0"},
        ) as process:
            connection, _ = server.accept()
            with connection:
                head = connection.recv(4096).decode().split("\r\n")
                assert {"Node-Name: i-1", "Secret-Key: the secret"} <= set(head)
            process.kill()


def test_what_is_missing_is_named() -> None:
    told = missing(("no-such-program",))
    assert told in {"booting images needs root", "booting images needs no-such-program on PATH"}


def test_a_base_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    tar = tmp_path / "base.tar"
    tar.write_text("whole")
    assert base_tar(tar).read_text() == "whole"
