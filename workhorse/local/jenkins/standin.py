"""A running stand-in for tests: its loop in a thread of its own."""

import asyncio
import base64
import threading
from collections.abc import Callable
from typing import Self, TypeVar

from workhorse.local.clock import ScaledClock
from workhorse.local.jenkins.permissions import ADMINISTER, User
from workhorse.local.jenkins.server import Server

DEFAULT_VERSION = "2.541.2"

START_SECONDS = 60.0
"""Real seconds that a busy machine may take to start it, to end it, or to do what it is told."""

T = TypeVar("T")


class JenkinsStandIn:
    """A Jenkins controller on a free loopback port, from `with` on until its end.

    Without a clock time stands still and moves by `advance`. `user` and `token` are those of an
    administrator, whose password is `password`; `add_user` lets others in.
    """

    def __init__(
        self, *, version: str = DEFAULT_VERSION, clock: ScaledClock | None = None, prefix: str = ""
    ) -> None:
        self.clock = clock if clock is not None else ScaledClock(speed=0)
        self.user, self.token, self.password = "admin", f"11{'0' * 32}", "admin-password"
        self._version, self._prefix = version, prefix
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.server: Server

    @property
    def url(self) -> str:
        """Root URL, with a slash at its end."""
        return self.server.url

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        self.server = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(
            START_SECONDS
        )
        permissions = frozenset({ADMINISTER})
        self.add_user(
            User(name=self.user, password=self.password, token=self.token, permissions=permissions)
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up and end the thread."""
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result(START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    def add_user(self, user: User) -> None:
        """Let somebody in."""
        self.call(lambda: self.server.security.add(user))

    def call(self, action: Callable[[], T]) -> T:
        """Do something on the stand-in's own thread and give its result."""

        async def act() -> T:
            return action()

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result(START_SECONDS)

    def advance(self, seconds: float) -> None:
        """Let virtual time pass; what falls due has happened when this returns."""
        self.call(lambda: self.server.admin.advance(seconds))

    def agent(self, name: str) -> None:
        """An agent inside the stand-in goes online under this name; its node must exist."""
        if not self.call(lambda: self.server.admin.connect(name)):
            raise LookupError(f"no computer {name!r} waits for its agent")
        self.advance(0)

    def kill_agent(self, name: str) -> None:
        """That agent dies with its work."""
        self.call(lambda: self.server.admin.vanish(name))
        self.advance(0)

    def restart(self, *, hard: bool) -> None:
        """Restart the controller; for its boot it answers 503."""
        self.call(lambda: self.server.admin.restart(hard=hard))

    def headers(self, user: User | None = None) -> dict[str, str]:
        """The Authorization header of the administrator or of another user's token."""
        name, token = (self.user, self.token) if user is None else (user.name, user.token)
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()}

    async def _start(self) -> Server:
        server = Server(self._version, self.clock, self._prefix)
        await server.start()
        return server
