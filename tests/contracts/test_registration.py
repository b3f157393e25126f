"""What every way of becoming a node keeps: gateway, token, and the Swarm plugin.

https://plugins.jenkins.io/swarm/
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contracts.registration_ways import (
    EXECUTORS,
    LABELS,
    WAYS,
    Agent,
    ByGateway,
    World,
    world_of_ways,
)
from workhorse.adapters.journal import records
from workhorse.local.agent.place import RegistrationError


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all: each agent is another's neighbour."""
    with world_of_ways(tmp_path_factory.mktemp("ways")) as made:
        yield made


@pytest.fixture(params=WAYS)
def agent(world: World, request: pytest.FixtureRequest) -> Agent:
    """A new agent of each way."""
    return WAYS[request.param](world)


def test_it_registers_with_labels_executors_mode_and_its_own_secret(
    world: World, agent: Agent
) -> None:
    place = agent.register()

    world.pass_time(1)
    node = world.look().nodes[place.name]
    assert node.labels >= LABELS
    assert node.executors == EXECUTORS
    assert world.mode(place.name) == "NORMAL"
    assert place.secret == world.secret(place.name)


def test_once_forgotten_it_registers_again_under_its_name_with_its_secret(
    world: World, agent: Agent
) -> None:
    first = agent.register()
    world.forget(first.name)
    assert first.name not in world.look().nodes

    again = agent.register()

    assert (again.name, again.secret) == (first.name, first.secret)
    world.pass_time(1)
    assert world.look().nodes[first.name].labels >= LABELS


def test_with_wrong_credentials_it_is_refused_and_there_is_no_node(
    world: World, agent: Agent
) -> None:
    before = world.look().nodes.keys()

    with pytest.raises(RegistrationError) as refused:
        agent.register_wrongly()

    assert refused.value.status == 401
    assert world.look().nodes.keys() == before


def test_registering_twice_at_once_makes_one_node(world: World, agent: Agent) -> None:
    first = agent.register()
    world.forget(first.name)
    before = world.look().nodes.keys()

    with ThreadPoolExecutor(2) as threads:
        places = list(threads.map(lambda _: agent.register(), range(2)))

    assert {place.name for place in places} == {first.name}
    world.pass_time(1)
    assert world.look().nodes.keys() - before == {first.name}


def test_a_node_that_the_gateway_made_says_whose_it_is(world: World) -> None:
    place = ByGateway(world).register()

    world.pass_time(1)
    owner = world.look().nodes[place.name].owner
    assert owner is not None
    assert (owner.pool, owner.home) == ("linux", world.gate.home)


def test_no_secret_of_an_agent_is_in_the_journal(world: World) -> None:
    place = ByGateway(world).register()

    text = world.journal.read_text()
    assert place.name in text
    assert place.secret not in text
    kinds = {record["kind"] for record in records(world.journal)}
    assert {"registered", "effect"} <= kinds
