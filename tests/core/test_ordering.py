"""What a wish for a rollout comes to."""

import pytest

from tests.facts import group, instance
from workhorse.core.errors import Refusal
from workhorse.core.model import Lifecycle
from workhorse.core.ordering import Wish, order_id, ordered, reached, target, under_way
from workhorse.core.orders import Order, Strategy

IMAGES = {1: "ami-old", 2: "ami-new", 3: "ami-new", 4: "ami-newest"}


def wish(**changes: object) -> Wish:
    return Wish(**{"pool": "linux", "by": "ann", **changes})


def order(version: int, previous: int, *members: int) -> Order:
    """The order to a version of a group that launches `previous` and has such members."""
    agents = [instance(f"i-{n}", template_version=each) for n, each in enumerate(members)]
    shown = group(*agents, template_version=previous)
    return ordered(wish(version=version), shown, IMAGES, order="1-a", at=1000.0)


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        ({}, 4),
        ({"version": 2}, 2),
        ({"image": "ami-new"}, 3),
        ({"image": "ami-old"}, 1),
    ],
)
def test_the_newest_version_is_meant_unless_one_is_named(asked: dict, version: int) -> None:
    assert target(wish(**asked), IMAGES) == version


@pytest.mark.parametrize(
    ("asked", "images", "told"),
    [
        (
            {"version": 9},
            IMAGES,
            "--version: 9: must be a version of the group's launch template (1 to 4)",
        ),
        (
            {"image": "ami-none"},
            IMAGES,
            (
                "--image: ami-none: must be in a version of the group's launch template; the "
                "newest, 4, holds ami-newest: apply Terraform with the image first"
            ),
        ),
        ({}, {}, "the group's launch template has no version"),
    ],
)
def test_a_version_that_is_not_there_is_refused(asked: dict, images: dict, told: str) -> None:
    with pytest.raises(Refusal) as refused:
        target(wish(**asked), images)

    assert str(refused.value) == told


def test_an_order_says_what_to_reach_and_what_to_return_to() -> None:
    asked = wish(version=4, strategy=Strategy.MATRIX, canary=False)

    made = ordered(asked, group(template_version=3), IMAGES, order="1-a", at=1000.0)

    assert made == Order(
        id="1-a",
        pool="linux",
        group="linux-agents",
        target=4,
        image="ami-newest",
        previous=3,
        previous_image="ami-new",
        strategy=Strategy.MATRIX,
        canary=False,
        by="ann",
        at=1000.0,
    )


def test_what_to_return_to_is_what_the_group_launches() -> None:
    assert order(4, 2, 1, 1).previous == 2


def test_where_the_group_launches_the_target_already_it_is_what_most_agents_are_of() -> None:
    assert order(4, 4, 4, 4, 4, 1, 2, 2).previous == 2
    assert order(4, 0, 1, 1, 2).previous == 1


def test_where_nothing_tells_it_is_the_version_below_or_the_same() -> None:
    assert order(4, 4, 4).previous == 3
    assert order(1, 1, 1).previous == 1


@pytest.mark.parametrize(
    ("launches", "members", "there"),
    [
        (4, [(4, Lifecycle.IN_SERVICE)], True),
        (4, [], True),
        (3, [(4, Lifecycle.IN_SERVICE)], False),
        (4, [(4, Lifecycle.IN_SERVICE), (3, Lifecycle.IN_SERVICE)], False),
        (4, [(3, Lifecycle.TERMINATING_WAIT)], True),
        (4, [(3, Lifecycle.PENDING)], False),
    ],
)
def test_a_version_is_reached_when_the_group_launches_it_and_no_agent_of_another_stays(
    launches: int, members: list[tuple[int, Lifecycle]], *, there: bool
) -> None:
    agents = [
        instance(f"i-{n}", lifecycle, template_version=version)
        for n, (version, lifecycle) in enumerate(members)
    ]

    assert reached(group(*agents, template_version=launches), 4) is there


def test_an_id_begins_with_the_time_so_that_people_can_tell_orders_apart() -> None:
    assert order_id(1_700_000_000.9, "3f9a") == "20231114T221320-3f9a"


def test_whoever_comes_second_is_told_whose_rollout_it_is_and_what_can_be_done() -> None:
    assert under_way(order(4, 3), 1900.0) == (
        "pool linux: a rollout to version 4 is under way, ordered by ann 15 min ago: "
        "see --watch, --halt and --roll-back"
    )
