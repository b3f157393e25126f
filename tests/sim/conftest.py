"""A simulated Jenkins alone, and a world of one group."""

import pytest

from workhorse.core.model import Hook
from workhorse.sim.groups import Shape
from workhorse.sim.jenkins import SimJenkins
from workhorse.sim.kernel import Kernel
from workhorse.sim.truth import Truth
from workhorse.sim.world import World

LINUX = frozenset({"linux"})
QUEUE = "https://sqs.example/pool"


@pytest.fixture
def jenkins() -> SimJenkins:
    """A controller without nodes, at time 0."""
    return SimJenkins(Kernel(), Truth())


@pytest.fixture
def world() -> World:
    """A group of at most five agents, none yet; they boot in a minute."""
    hook = Hook(name="drain", heartbeat_seconds=300)
    return World([Shape(group="group", labels=LINUX, maximum=5, queue=QUEUE, hook=hook)])
