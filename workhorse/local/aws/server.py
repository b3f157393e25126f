"""Start and stop the embedded AWS in this process."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Self

from moto.moto_api._internal.models import moto_api_backend

from workhorse.local.aws import (
    alarms,
    ec2_life,
    engine,
    metrics,
    moto_clock,
    patching,
    policies,
    schedules,
)
from workhorse.local.aws.admin import Admin
from workhorse.local.aws.bodies import ProcessBodies
from workhorse.local.aws.engine import Engine, TickError
from workhorse.local.aws.groups import Groups
from workhorse.local.aws.patches import PATCHES
from workhorse.local.aws.refreshes import Refreshes
from workhorse.local.aws.spot import Spot
from workhorse.local.aws.timings import Timings
from workhorse.local.aws.web import Application, Server
from workhorse.local.clock import ScaledClock

STRIDE = 0.05
"""Real seconds between two ticks of the driver, and between two looks for the end."""


class EmbeddedAws:
    """AWS on a loopback port; a context manager, or `start` and `stop`.

    `clock` is the virtual time; with speed 0 nothing moves but by `advance`. `body` is a
    command run for every running instance ("{instance}" stands for its id), with the
    variables of `body_environment` beside its own. `managed_policies` loads AWS' own IAM
    policies, which Terraform attaches by ARN and which take a second. One at a time in a
    process.
    """

    def __init__(  # noqa: PLR0913 (every one is named and has a default)
        self,
        clock: ScaledClock,
        *,
        timings: Timings | None = None,
        port: int = 0,
        body: Sequence[str] = (),
        body_environment: Mapping[str, str] | None = None,
        managed_policies: bool = True,
    ) -> None:
        self.engine = Engine(clock, timings)
        self._port = port
        self._managed_policies = managed_policies
        self._extra = dict(body_environment or {})
        self.bodies = ProcessBodies(self.engine, body, self._environment)
        self._server: Server | None = None
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()

    @property
    def endpoint(self) -> str:
        """The URL to give to AWS clients."""
        if self._server is None:
            raise RuntimeError("the embedded AWS is not running")
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Self:
        """Take moto over and serve; raises WrongMotoError for another moto."""
        if engine.busy():
            raise RuntimeError("an embedded AWS runs in this process: one at a time")
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self) -> None:
        patching.check_version()
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = str(self._managed_policies).lower()
        engine.activate(self.engine)
        patching.apply(PATCHES)
        moto_clock.use(self.engine.clock)
        moto_api_backend.reset()
        lives = ec2_life.InstanceLives(self.engine, self.bodies)
        ec2_life.set_lives(lives)
        spot = Spot(self.engine)
        groups, refreshes = Groups(self.engine), Refreshes(self.engine)
        self.engine.parts += [self.bodies, lives, spot, refreshes, groups]
        self.engine.parts += [metrics, alarms, policies, schedules]
        application = Application(self.engine, Admin(self.engine, spot))
        self._server = Server(self._port, application)
        self._run(partial(self._server.serve_forever, STRIDE), "embedded-aws-http")
        if self.engine.clock.speed:
            self._run(self._drive, "embedded-aws-driver")

    def stop(self) -> None:
        """End the server, the driver and every body; give moto its own methods back."""
        self._ended.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()
            self._server = None
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self.bodies.stop_all()
        moto_clock.restore()
        patching.remove_all()
        ec2_life.set_lives(None)
        engine.activate(None)

    def advance(self, seconds: float) -> None:
        """Move the clock by virtual seconds and let everything due on the way happen."""
        self.engine.advance(seconds)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, target: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _drive(self) -> None:
        """Tick until the end. A part that fails is recorded, and the others go on."""
        while not self._ended.wait(STRIDE):
            try:
                self.engine.tick()
            except TickError as error:
                if str(error) not in self.engine.errors:
                    self.engine.errors.append(str(error))

    def _environment(self, instance_id: str) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{self.endpoint}/imds/{instance_id}",
            "WORKHORSE_CLOCK": str(self.engine.clock),
            **self._extra,
        }
