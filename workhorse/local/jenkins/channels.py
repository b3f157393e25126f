"""Two ways to be an agent: over a WebSocket, and inside the stand-in for tests and benchmarks."""

import asyncio
import json
from collections.abc import Callable

from aiohttp import WSMsgType, web

from workhorse.local.jenkins import agents, running
from workhorse.local.jenkins.computers import Computer
from workhorse.local.jenkins.controller import Controller

INNER_RECONNECT = 8.0
"""Virtual seconds after a boot until agents inside the stand-in are back; measured 8 to 18 s."""


class SocketChannel:
    """A connected agent process; what is sent goes out in order."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._out: asyncio.Queue[str | None] = asyncio.Queue()

    def send(self, message: dict[str, object]) -> None:
        """Give the agent a message."""
        self._out.put_nowait(json.dumps(message))

    def close(self) -> None:
        """Hang up."""
        self._out.put_nowait(None)

    async def write(self) -> None:
        """Send until hung up."""
        try:
            while (text := await self._out.get()) is not None:
                await self._socket.send_str(text)
        except ConnectionError:
            return
        await self._socket.close()

    async def read(self, controller: Controller, name: str, now: Callable[[], float]) -> None:
        """Listen until the agent hangs up; the connection counts from its first word on.

        What it says is heard at the time that it is `now`.
        """
        async for message in self._socket:
            controller.advance(now())
            if message.type is not WSMsgType.TEXT:
                break
            word = json.loads(message.data)
            computer = controller.world.computers.get(name)
            if computer is None or not self._heard(controller, computer, word):
                break
        controller.advance(now())
        computer = controller.world.computers.get(name)
        if computer is not None and computer.channel is self:
            controller.lost(computer)

    def _heard(self, controller: Controller, computer: Computer, word: dict[str, object]) -> bool:
        """Act on a word of the agent; False ends the connection."""
        match word:
            case {"hello": {"running": list(have), "done": list(done)}}:
                if computer.node is None or computer.channel is not None:
                    return False
                ended = [str(each["id"]) for each in done]
                agents.connect(controller.world, computer, self, [*map(str, have), *ended])
                for each in done:
                    running.finished(
                        controller.world, computer.name, str(each["id"]), str(each["result"])
                    )
            case {"done": {"id": str(execution), "result": str(result)}}:
                running.finished(controller.world, computer.name, execution, result)
        controller.advance(controller.world.now)
        return True


class InnerAgent:
    """An agent without a process: its work ends when its virtual seconds have passed."""

    def __init__(self, controller: Controller, name: str) -> None:
        self._controller = controller
        self._name = name
        self._ends: dict[str, float] = {}
        self._gone = False

    def connect(self) -> bool:
        """Go online; tells whether there was a computer that waited for it."""
        world = self._controller.world
        computer = world.computers.get(self._name)
        if computer is None or computer.node is None or computer.channel is not None:
            return False
        agents.connect(world, computer, self, list(self._ends))
        return True

    def vanish(self) -> None:
        """Die with all work, as a terminated machine does."""
        self._gone = True
        self._ends.clear()
        computer = self._controller.world.computers.get(self._name)
        if computer is not None and computer.channel is self:
            agents.lose(self._controller.world, computer)

    def send(self, message: dict[str, object]) -> None:
        """Take up work, or drop it."""
        match message:
            case {"start": {"id": str(execution), "seconds": float(seconds)}}:
                ends = self._controller.world.now + seconds
                self._ends[execution] = ends
                self._controller.world.at(ends, lambda: self._end(execution, ends))
            case {"stop": {"id": str(execution)}}:
                self._ends.pop(execution, None)

    def close(self) -> None:
        """The controller hung up: dial again, as inbound agents do."""
        if not self._gone:
            world = self._controller.world
            back = max(world.boot_until, world.now) + INNER_RECONNECT
            world.at(back, self._redial)

    def _redial(self) -> None:
        if not self._gone:
            self.connect()
            for execution, ends in list(self._ends.items()):
                if ends <= self._controller.world.now:
                    self._end(execution, ends)

    def _end(self, execution: str, ends: float) -> None:
        computer = self._controller.world.computers.get(self._name)
        online = computer is not None and computer.channel is self
        if online and self._ends.get(execution) == ends:
            del self._ends[execution]
            running.finished(self._controller.world, self._name, execution, "SUCCESS")
