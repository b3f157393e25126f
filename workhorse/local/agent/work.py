"""Running builds: a build waits for its virtual seconds, then runs its command, if it has one."""

import os
import subprocess
import threading
from pathlib import Path

from workhorse.local.agent.programs import Programs
from workhorse.local.clock import ScaledClock
from workhorse.local.jenkins.agent_link import AgentLink, Start, Stop


class Executors:
    """The builds of one agent; each waits on a timer, so that a hundred cost no more than one."""

    def __init__(
        self, link: AgentLink, clock: ScaledClock, directory: Path, programs: Programs
    ) -> None:
        self._link = link
        self._clock = clock
        self._directory = directory
        self._programs = programs
        self._timers: dict[str, threading.Timer] = {}

    def take(self, message: Start | Stop) -> None:
        """Begin what is to begin, drop what is to be dropped."""
        if isinstance(message, Stop):
            timer = self._timers.pop(message.id, None)
            if timer is not None:
                timer.cancel()
            return
        timer = threading.Timer(self._clock.real(message.seconds), self._end, (message,))
        timer.daemon = True
        self._timers[message.id] = timer
        timer.start()

    def _end(self, start: Start) -> None:
        if self._timers.pop(start.id, None) is None:
            return
        good = not start.command or self._shell(start) == 0
        self._link.done(start.id, "SUCCESS" if good else "FAILURE")

    def _shell(self, start: Start) -> int:
        """Run the command as a shell step does; its output goes to the agent's own."""
        self._directory.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **start.environment, "PATH": self._programs.path()}
        ended = subprocess.run(
            ["/bin/sh", "-xe", "-c", start.command],
            env=environment,
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return ended.returncode
