"""An agent's side of the connection: a small WebSocket client out of the standard library.

Sixty agents start as processes on two cores, so this imports little. The handshake is that of a
real agent; the messages are our own, JSON objects with one key:

    agent:       {"hello": {"running": [ID, ...], "done": [{"id": ID, "result": RESULT}, ...]}}
                 first, after every connect; `running` still runs, `done` ended while offline
    controller:  {"start": {"id": ID, "job": NAME, "number": N, "seconds": VIRTUAL_SECONDS,
                            "command": SHELL_SCRIPT_OR_EMPTY, "environment": {...}}}
                 {"stop": {"id": ID}}    end it, and tell nothing
    agent:       {"done": {"id": ID, "result": "SUCCESS" | "FAILURE" | "UNSTABLE" | "ABORTED"}}
"""

import base64
import json
import os
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

SHORTEST_PAUSE = 0.15
"""Real seconds before the first attempt to connect again. Agents of deleted nodes whose computer
lingers are accepted and hung up on at once; real ones were seen to try five to eight times a
second, and without a pause sixty of them would keep a core busy."""

LONGEST_PAUSE = 10.0
"""Longest real seconds between two attempts to connect (hudson.remoting.Engine)."""

HANDSHAKE_SECONDS = 30.0
"""How long the controller may take to answer the handshake."""

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_SWITCHING = 101


class RefusedError(Exception):
    """The controller answered the handshake with another status than 101."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Work to do; report it with `AgentLink.done`. `seconds` are virtual."""

    id: str
    job: str
    number: int
    seconds: float
    command: str
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Work to drop; it needs no report."""

    id: str


class AgentLink:
    """A connection that comes back by itself; made by `connect`.

    `done` and `close` may be called from any thread, `messages` from one.
    """

    def __init__(self, url: str, name: str, secret: str, *, reconnect: bool = True) -> None:
        self._url, self._name, self._secret = url, name, secret
        self._reconnect = reconnect
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._buffer = b""
        self._running: set[str] = set()
        self._done: dict[str, str] = {}
        self.connects = 0
        """How often the connection was made."""

    def messages(self) -> Iterator[Start | Stop]:
        """What the controller says, across reconnects, until `close`.

        Raises:
            RefusedError: the controller refused, and the link was told not to reconnect.
            OSError: the connection failed, and the link was told not to reconnect.
        """
        pause = SHORTEST_PAUSE
        while not self._closed.is_set():
            try:
                self._open()
                pause = SHORTEST_PAUSE
                yield from self._read()
            except (OSError, RefusedError):
                if not self._reconnect and not self._closed.is_set():
                    raise
            self._drop()
            if not self._reconnect:
                return
            self._closed.wait(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    def done(self, execution: str, result: str) -> None:
        """Report the end of an execution, now or as soon as there is a connection."""
        with self._lock:
            if execution not in self._running:
                return
            self._running.discard(execution)
            self._done[execution] = result
            try:
                self._send({"done": {"id": execution, "result": result}})
                self._done.pop(execution)
            except OSError:
                return

    def close(self) -> None:
        """Hang up for good; `messages` ends."""
        self._closed.set()
        self._drop()

    def _open(self) -> None:
        parts = urlsplit(self._url)
        address = (parts.hostname or "127.0.0.1", parts.port or 80)
        path = parts.path.rstrip("/") + "/wsagents/"
        found = socket.create_connection(address, timeout=HANDSHAKE_SECONDS)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            found.sendall(self._request(f"{address[0]}:{address[1]}", path))
            self._buffer = _handshake(found)
        except BaseException:
            found.close()
            raise
        found.settimeout(None)
        with self._lock:
            self._socket = found
            if self._closed.is_set():
                raise ConnectionAbortedError("closed during the handshake")
            done = [{"id": name, "result": result} for name, result in self._done.items()]
            self._send({"hello": {"running": sorted(self._running), "done": done}})
            self._done.clear()
        self.connects += 1

    def _request(self, host: str, path: str) -> bytes:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            f"GET {path} HTTP/1.1",
            f"Host: {host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Node-Name: {self._name}",
            f"Secret-Key: {self._secret}",
            "X-Remoting-Capability: none",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _read(self) -> Iterator[Start | Stop]:
        while (frame := self._frame()) is not None:
            kind, payload = frame
            if kind == _CLOSE:
                return
            if kind == _PING:
                with self._lock:
                    self._write(_PONG, payload)
            elif kind == _TEXT and (message := self._message(json.loads(payload))) is not None:
                yield message

    def _message(self, raw: dict[str, Any]) -> Start | Stop | None:
        with self._lock:
            if "start" in raw:
                start = Start(**raw["start"])
                self._running.add(start.id)
                return start
            if "stop" in raw:
                self._running.discard(raw["stop"]["id"])
                return Stop(id=raw["stop"]["id"])
        return None

    def _frame(self) -> tuple[int, bytes] | None:
        """The next frame; None at the end. The controller sends no fragments and no masks."""
        head = self._take(2)
        if head is None:
            return None
        kind, size = head[0] & 0x0F, head[1] & 0x7F
        for mark, form in ((126, ">H"), (127, ">Q")):
            if size == mark:
                more = self._take(struct.calcsize(form))
                if more is None:
                    return None
                size = struct.unpack(form, more)[0]
                break
        payload = self._take(size)
        return None if payload is None else (kind, payload)

    def _take(self, size: int) -> bytes | None:
        while len(self._buffer) < size:
            found = self._socket
            more = found.recv(65536) if found is not None else b""
            if not more:
                return None
            self._buffer += more
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _send(self, message: dict[str, object]) -> None:
        self._write(_TEXT, json.dumps(message).encode())

    def _write(self, kind: int, payload: bytes) -> None:
        if self._socket is None:
            raise ConnectionError("not connected")
        self._socket.sendall(_masked(kind, payload))

    def _drop(self) -> None:
        found, self._socket = self._socket, None
        if found is not None:
            try:
                found.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            finally:
                found.close()


def connect(url: str, name: str, secret: str, *, reconnect: bool = True) -> AgentLink:
    """A link of the agent `name` to the controller at the root URL; it dials in `messages`."""
    return AgentLink(url, name, secret, reconnect=reconnect)


def _handshake(found: socket.socket) -> bytes:
    """Read the answer's head; gives what came behind it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = found.recv(4096)
        if not more:
            raise ConnectionError("hung up during the handshake")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    status, _, reason = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")[2].partition(" ")
    if int(status) != _SWITCHING:
        raise RefusedError(int(status), reason)
    return rest


def _masked(kind: int, payload: bytes) -> bytes:
    """A client's frame: whole, and masked with zeros, which leave the text as it is."""
    size = len(payload)
    if size < 126:  # noqa: PLR2004 - the length's own forms, RFC 6455 section 5.2
        head = struct.pack(">BB", 0x80 | kind, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", 0x80 | kind, 0x80 | 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | kind, 0x80 | 127, size)
    return head + bytes(4) + payload
