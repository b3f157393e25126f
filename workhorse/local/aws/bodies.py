"""Run a process for every running instance, and end it with the machine.

The command is the user's; the environment tells it who it is. SIGTERM at shutting-down is
the operating system's shutdown, SIGKILL to the whole process group is the power going off.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

from moto.ec2.models.instances import Instance

from workhorse.local.aws.ec2_life import power_off
from workhorse.local.aws.engine import Engine


class ProcessBodies:
    """One process group for each running instance.

    `command` is an argument list, in which "{instance}" stands for the instance id; an
    empty one runs nothing. `environment` gives the variables for an instance id.
    """

    def __init__(
        self,
        engine: Engine,
        command: Sequence[str],
        environment: Callable[[str], Mapping[str, str]],
    ) -> None:
        self.engine = engine
        self.command = tuple(command)
        self.environment = environment
        self.running: dict[str, tuple[Instance, subprocess.Popen[bytes]]] = {}

    def start(self, instance: Instance) -> None:
        """Start the instance's process in a group of its own."""
        if not self.command:
            return
        arguments = [part.replace("{instance}", instance.id) for part in self.command]
        process = subprocess.Popen(
            arguments,
            env={**os.environ, **self.environment(instance.id)},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.running[instance.id] = (instance, process)
        self.engine.record(
            "body.started", self.engine.clock.now(), instance=instance.id, pid=process.pid
        )

    def ask_to_stop(self, instance: Instance) -> None:
        """Send SIGTERM to the group, as a shutdown does."""
        self._signal(instance.id, signal.SIGTERM)

    def kill(self, instance: Instance) -> None:
        """Send SIGKILL to the group and reap its leader."""
        self._signal(instance.id, signal.SIGKILL)
        _instance, process = self.running.pop(instance.id, (None, None))
        if process is not None:
            process.wait()

    def tick(self, now: float) -> None:
        """Notice processes that ended by themselves: those machines are off."""
        for instance_id, (instance, process) in list(self.running.items()):
            status = process.poll()
            if status is None or instance.state != "running":
                continue
            self._signal(instance_id, signal.SIGKILL)
            del self.running[instance_id]
            self.engine.record("body.exited", now, instance=instance_id, status=status)
            power_off(instance)

    def stop_all(self) -> None:
        """Kill every group that still runs."""
        for instance, _process in list(self.running.values()):
            self.kill(instance)

    def _signal(self, instance_id: str, number: signal.Signals) -> None:
        if instance_id not in self.running:
            return
        process = self.running[instance_id][1]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
