"""What the contract suite of builds needs of a world beside the port `Builds`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tests.contracts.real_jenkins import FREESTYLE, ControllerOnStandIn
from workhorse.adapters.jenkins_builds import JenkinsBuilds
from workhorse.adapters.jenkins_http import JenkinsHttp
from workhorse.local.jenkins.permissions import ADMINISTER, User
from workhorse.local.jenkins.standin import JenkinsStandIn
from workhorse.local.jenkins.world import World as JenkinsWorld
from workhorse.loops.agent_ports import Builds
from workhorse.sim.groups import Shape
from workhorse.sim.line import Side
from workhorse.sim.lost_builds import BuildsPort, SimBuilds
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

JOB = "tests"
DESCRIPTION = "All tests. [queue again]"
LABEL = "linux"
NODE = "i-0123456789abcdef0"
HOUR = 3600.0


class BuildsWorld(Protocol):
    """A Jenkins with the job `JOB`, whose runs take an hour on an agent of the label `LABEL`."""

    @property
    def port(self) -> Builds:
        """The port under test."""

    def submit(self, number: int) -> None:
        """Somebody else queues the job; runs of other numbers have other parameters."""

    def given(self, number: int) -> dict[str, str]:
        """The parameters of such a run."""

    def add_agent(self) -> None:
        """An agent with two executors."""

    def settle(self) -> None:
        """What can begin has begun."""

    def lose(self) -> None:
        """The agent's machine dies, and with it what runs there."""

    def paths(self) -> list[str]:
        """The builds that have begun, oldest first."""

    def started(self) -> int:
        """Builds, and items that wait."""

    def shut(self) -> None:
        """Nothing answers any more."""


class SimulatedBuilds:
    """`BuildsWorld` in the simulated world."""

    def __init__(self) -> None:
        self.world = World([Shape(group="agents", labels=frozenset({LABEL}), maximum=1)])
        self.builds: SimBuilds = self.world.allow_requeue({JOB: DESCRIPTION})
        world = self.world
        self.port = BuildsPort(world.line, world.auditor, world.jenkins, world.journal, self.builds)

    def submit(self, number: int) -> None:
        """By a user."""
        self.builds.submit(JOB, HOUR, LABEL, number=number)

    def given(self, number: int) -> dict[str, str]:
        """As `SimBuilds` tells runs apart."""
        return {"SECONDS": str(HOUR), "LABEL": LABEL, "PIPELINE": "", "NUMBER": str(number)}

    def add_agent(self) -> None:
        """It connects."""
        self.world.jenkins.connect(NODE, frozenset({LABEL}), 2)

    def settle(self) -> None:
        """A minute."""
        self.world.run(60)

    def lose(self) -> None:
        """Its machine dies."""
        self.world.jenkins.cut(NODE, Hand.SPOT, died=True)
        self.world.jenkins.delete(NODE, Hand.SPOT)

    def paths(self) -> list[str]:
        """Of all that were kept."""
        kept = self.builds.kept.values()
        return [each.path for each in kept if each.build.started_at is not None]

    def started(self) -> int:
        """All that were kept."""
        return len(self.builds.kept)

    def shut(self) -> None:
        """Out of reach."""
        self.world.line.out_of_reach.update(Side)


DEV_TOKEN = f"11{'1' * 32}"
STRING = "hudson.model.StringParameterDefinition"
BOOLEAN = "hudson.model.BooleanParameterDefinition"
PARAMETERS = (
    "<hudson.model.ParametersDefinitionProperty><parameterDefinitions>"
    f"<{STRING}><name>NUMBER</name></{STRING}>"
    f"<{BOOLEAN}><name>SLOW</name><defaultValue>false</defaultValue></{BOOLEAN}>"
    "</parameterDefinitions></hudson.model.ParametersDefinitionProperty>"
)


class BuildsOnStandIn:
    """`BuildsWorld` by `JenkinsBuilds`."""

    def __init__(self, standin: JenkinsStandIn) -> None:
        self._standin = standin
        self._stage = ControllerOnStandIn(standin)
        user, token = standin.user, standin.token
        self.port = JenkinsBuilds(JenkinsHttp(standin.url, user, token), user)
        standin.add_user(User(name="dev", token=DEV_TOKEN, permissions=frozenset({ADMINISTER})))
        self._users = JenkinsBuilds(JenkinsHttp(standin.url, "dev", DEV_TOKEN), "dev")
        self.settle = self._stage.settle
        self.shut = self._stage.shut
        text = FREESTYLE.format(properties=PARAMETERS, roams="false", label=LABEL, seconds=3600)
        described = text.replace("<project>", f"<project><description>{DESCRIPTION}</description>")
        self._stage._create_job(JOB, described)

    def submit(self, number: int) -> None:
        """By somebody else."""
        self._users.queue(JOB, self.given(number))

    def given(self, number: int) -> dict[str, str]:
        """A text and a switch."""
        return {"NUMBER": str(number), "SLOW": "true"}

    def add_agent(self) -> None:
        """Create the node, and connect an agent."""
        self._stage.add_agent(NODE, frozenset({LABEL}), executors=2)

    def lose(self) -> None:
        """Its connection ends, and freestyle builds with it."""
        self._stage.drop_agent(NODE)
        self._standin.advance(30)

    def paths(self) -> list[str]:
        """By the controller's own memory."""
        return [run.path for run in self._world.jobs[JOB].runs.values()]

    def started(self) -> int:
        """Builds, and items that wait."""
        queued = [i for i in self._world.items.values() if i.task.job.name == JOB]
        return len(self._world.jobs[JOB].runs) + len(queued)

    @property
    def _world(self) -> JenkinsWorld:
        return self._standin.server.controller.world

    def close(self) -> None:
        """Hang up."""
        self._stage.close()


@contextmanager
def simulated() -> Iterator[BuildsWorld]:
    """A world of its own."""
    yield SimulatedBuilds()


@contextmanager
def on_stand_in() -> Iterator[BuildsWorld]:
    """A stand-in of its own."""
    with JenkinsStandIn() as standin:
        world = BuildsOnStandIn(standin)
        yield world
        world.close()
