"""A network of its own for a machine: a loopback on which the embedded services listen.

A thread of ours moves into a new network namespace, raises its loopback and opens the listening
sockets there; then it ends. The sockets and one file descriptor keep the namespace alive, so it is
gone when this process is, however it ends. Connections are accepted here, outside, and joined with
the same port of this machine's loopback: inside and outside an address means the same.
"""

import asyncio
import ctypes
import fcntl
import os
import socket
import struct
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
IFF_UP = 0x1
"""From <sched.h>, <linux/sockios.h> and <linux/if.h>."""

CHUNK = 65536
BACKLOG = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network namespace with sockets that listen on its loopback."""

    descriptor: int
    """Holds it open; `path` names it to others."""
    listening: tuple[socket.socket, ...]

    @property
    def path(self) -> str:
        """A path to the namespace, for as long as this process lives."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"


def isolated(ports: Sequence[int]) -> Network:
    """Make a namespace whose loopback listens on these ports.

    Raises:
        OSError: the kernel refuses.
    """
    made: list[Network] = []
    wrong: list[OSError] = []

    def make() -> None:
        try:
            made.append(_make(ports))
        except OSError as error:
            wrong.append(error)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if wrong:
        raise wrong[0]
    return made[0]


def _make(ports: Sequence[int]) -> Network:
    """Move this thread, and only it, into a new namespace and furnish that."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        told = fcntl.ioctl(control, SIOCGIFFLAGS, request)
        flags = struct.unpack("16sH14x", told)[1] | IFF_UP
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags))
    # Docker wants it, and may not write it from inside.
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    descriptor = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    listening = tuple(_listening(port) for port in ports)
    return Network(descriptor=descriptor, listening=listening)


def _listening(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.listen(BACKLOG)
    made.settimeout(0)
    return made


async def forward(network: Network) -> list[asyncio.Server]:
    """Join every connection from inside with the same port outside, until the servers close."""
    return [
        await asyncio.start_server(_joining(each.getsockname()[1]), sock=each)
        for each in network.listening
    ]


def _joining(port: int) -> Callable[[StreamReader, StreamWriter], Awaitable[None]]:
    """What handles the connections to one port."""

    async def join(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            outside, back = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            # Nobody listens outside: inside that is a connection reset.
            writer.transport.abort()
            return
        await asyncio.gather(_pump(reader, back), _pump(outside, writer))
        for each in (back, writer):
            each.close()

    return join


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    """Pass on what comes until it ends, then say so."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()
