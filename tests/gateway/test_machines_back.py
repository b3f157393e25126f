"""Machines with a token that come back: to their node, to one that goes, or to none."""

import pytest

from tests.facts import node
from tests.gateway.scene import Scene
from tests.gateway.test_leases import book, bring, record
from workhorse.core.admission import Status
from workhorse.core.cordon import cordon_label
from workhorse.core.owner import Owner, owner_of
from workhorse.core.token_machines import CAUSE, came_by_token


@pytest.fixture
def mine(scene: Scene) -> dict[str, str]:
    """What a machine keeps that came in a while ago."""
    scene.world.tokens = book(record())
    told = bring(scene).body
    scene.pass_time(10)
    scene.nodes.requests.clear()
    return {"name": told["name"], "resume": told["resume"]}


def test_what_the_gateway_makes_for_a_token_is_known_as_that(
    scene: Scene, mine: dict[str, str]
) -> None:
    spec = scene.nodes.made[mine["name"]]
    owner = owner_of(spec.description)
    assert owner == Owner(pool="linux", home="123456789012/eu-west-1", way="token")
    assert came_by_token(node(mine["name"], owner=owner))


def test_one_whose_node_was_deleted_has_one_of_the_same_name_again(
    scene: Scene, mine: dict[str, str]
) -> None:
    scene.show()
    again = bring(scene, **mine)
    assert (again.status, again.body["name"]) == (Status.OK, mine["name"])
    assert scene.nodes.requests == [f"create {mine['name']}"]


def test_one_that_kept_nothing_has_a_new_name(scene: Scene, mine: dict[str, str]) -> None:
    scene.show(node(mine["name"], offline=True))
    again = bring(scene)
    assert again.status == Status.OK
    assert again.body["name"] != mine["name"]


def test_one_whose_node_is_being_deleted_is_told_to_come_again(
    scene: Scene, mine: dict[str, str]
) -> None:
    """By 409 it would give up, as an instance that leaves does."""
    scene.show(node(mine["name"], cordon_label(CAUSE, mine["name"]), offline=True))
    answer = bring(scene, **mine)
    assert answer.status == Status.UNAVAILABLE
    assert int(answer.headers["Retry-After"]) > 0
    assert scene.nodes.requests == []


def test_one_that_is_sent_away_so_was_heard_all_the_same(
    scene: Scene, mine: dict[str, str]
) -> None:
    scene.pass_time(1000)
    scene.show(node(mine["name"], cordon_label(CAUSE, mine["name"]), offline=True))
    bring(scene, **mine)
    assert scene.gateway.heard()[mine["name"]] == scene.world.now
