"""What each call of the `Orders` port means, and what people do beside it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.contracts.rollout_stages import POOL, OrdersWorld
from workhorse.core.errors import Refusal, Surprise
from workhorse.core.orders import Awaited, Command, Order, Standing, Strategy

ORDER = Order(
    id="r-20260101-1",
    pool=POOL,
    group="workhorse-linux",
    target=2,
    image="ami-2",
    previous=1,
    previous_image="ami-1",
    strategy=Strategy.REFRESH,
    by="ada",
    at=1_767_225_600.0,
)
STANDING = Standing(
    order=ORDER.id,
    pool=POOL,
    state="CANARY",
    at=1_767_225_660.0,
    since=1_767_225_650.0,
    started_at=1_767_225_600.0,
    because="the canary boots {{still}}",
    total=7,
    awaited=(Awaited(instance="i-1", build="job/api/8/", since=1.5, usual_seconds=60.0),),
    memory={"seen": ["i-1"], "nested": {"deep": {"er": 1}}},
)


def test_an_order_is_told_as_it_was_placed(orders_world: OrdersWorld) -> None:
    assert orders_world.port.placed([POOL]) == {}
    assert orders_world.port.order(POOL) is None
    orders_world.port.place(ORDER)
    assert orders_world.port.placed(["other", POOL]) == {POOL: ORDER}
    assert orders_world.port.order(POOL) == ORDER


def test_orders_of_many_pools_are_told_at_once(orders_world: OrdersWorld) -> None:
    pools = [f"pool-{n}" for n in range(25)]
    orders = {pool: replace(ORDER, pool=pool, id=pool) for pool in pools[::2]}
    for order in orders.values():
        orders_world.port.place(order)
    assert orders_world.port.placed(pools) == orders


def test_a_second_order_is_refused_and_says_whose_the_first_is(orders_world: OrdersWorld) -> None:
    orders_world.port.place(ORDER)
    with pytest.raises(Refusal, match=rf"{POOL}.*ada.*{ORDER.id}"):
        orders_world.port.place(replace(ORDER, id="r-2", by="bob"))
    assert orders_world.port.order(POOL) == ORDER


def test_an_order_that_was_closed_leaves_room_for_the_next(orders_world: OrdersWorld) -> None:
    orders_world.port.place(ORDER)
    orders_world.port.close(POOL, ORDER.id)
    assert orders_world.port.order(POOL) is None
    orders_world.port.close(POOL, ORDER.id)
    following = replace(ORDER, id="r-2")
    orders_world.port.place(following)
    assert orders_world.port.order(POOL) == following


def test_closing_an_order_leaves_anothers_alone(orders_world: OrdersWorld) -> None:
    orders_world.port.place(ORDER)
    orders_world.port.close(POOL, "r-another")
    assert orders_world.port.order(POOL) == ORDER


@pytest.mark.parametrize("command", Command)
def test_a_command_changes_the_order_under_way_and_nothing_else_of_it(
    orders_world: OrdersWorld, command: Command
) -> None:
    orders_world.port.place(ORDER)
    orders_world.port.command(POOL, ORDER.id, command)
    assert orders_world.port.order(POOL) == replace(ORDER, command=command)


def test_a_command_for_an_order_that_is_over_is_refused(orders_world: OrdersWorld) -> None:
    with pytest.raises(Refusal, match=ORDER.id):
        orders_world.port.command(POOL, ORDER.id, Command.HALT)
    orders_world.port.place(ORDER)
    with pytest.raises(Refusal, match="r-earlier"):
        orders_world.port.command(POOL, "r-earlier", Command.HALT)
    assert orders_world.port.order(POOL) == ORDER


def test_what_was_told_last_stays_after_the_order_is_closed(orders_world: OrdersWorld) -> None:
    assert orders_world.port.standing(POOL) is None
    orders_world.port.place(ORDER)
    orders_world.port.tell(STANDING)
    assert orders_world.port.standing(POOL) == STANDING
    over = replace(STANDING, state="DONE", ended_at=1_767_229_200.0)
    orders_world.port.tell(over)
    orders_world.port.close(POOL, ORDER.id)
    assert orders_world.port.standing(POOL) == over
    assert orders_world.port.standing("other") is None


def test_a_store_that_does_not_answer_is_a_surprise_for_every_call(
    orders_world: OrdersWorld,
) -> None:
    orders_world.shut()
    port = orders_world.port
    calls: list[Callable[[], object]] = [
        lambda: port.placed([POOL]),
        lambda: port.order(POOL),
        lambda: port.standing(POOL),
        lambda: port.tell(STANDING),
        lambda: port.close(POOL, ORDER.id),
        lambda: port.place(ORDER),
        lambda: port.command(POOL, ORDER.id, Command.HALT),
    ]
    for call in calls:
        with pytest.raises(Surprise):
            call()
