"""Orders and standings in SSM: what is written there, and what is made of what others wrote.

What the calls do is the contract suite's matter.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from botocore.model import OperationModel
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.real_rollouts import OrdersInEmbeddedAws, orders_world
from tests.contracts.rollout_stages import POOL
from tests.contracts.test_orders import ORDER, STANDING
from workhorse.adapters.rollout_store import VALUE_BYTES, SsmOrders, fitting
from workhorse.core.errors import Refusal, Surprise
from workhorse.core.orders import Awaited, Command, Standing

ORDER_NAME = f"/workhorse/pools/{POOL}/rollout/order"
STANDING_NAME = f"/workhorse/pools/{POOL}/rollout/standing"


@pytest.fixture
def world() -> Iterator[OrdersInEmbeddedAws]:
    with orders_world() as made:
        yield made


def told(world: OrdersInEmbeddedAws, name: str) -> str:
    return world.clients.ssm.get_parameter(Name=name)["Parameter"]["Value"]


def test_an_order_is_plain_json_under_the_name_of_its_pool(world: OrdersInEmbeddedAws) -> None:
    world.port.place(ORDER)
    assert json.loads(told(world, ORDER_NAME)) == ORDER.as_record()


def test_a_prefix_of_several_folders_is_the_beginning_of_every_name(
    world: OrdersInEmbeddedAws,
) -> None:
    elsewhere = SsmOrders(world.clients, "/team/ci")
    elsewhere.place(ORDER)
    assert world.port.order(POOL) is None
    assert told(world, f"/team/ci/pools/{POOL}/rollout/order")


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "{}", '{"id": "r-1", "strategy": "sideways"}'])
def test_a_parameter_that_holds_no_record_is_a_surprise_that_names_it(
    world: OrdersInEmbeddedAws, text: str
) -> None:
    for name in (ORDER_NAME, STANDING_NAME):
        world.clients.ssm.put_parameter(Name=name, Value=text, Type="String")
    with pytest.raises(Surprise, match=f"SSM parameter {ORDER_NAME}: is no order"):
        world.port.placed([POOL])
    with pytest.raises(Surprise, match=f"SSM parameter {STANDING_NAME}: is no standing"):
        world.port.standing(POOL)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pool", "other"),
        ("pool", None),
        ("id", ["r-1"]),
        ("target", "2"),
        ("target", True),
        ("previous", 1.5),
        ("canary", "no"),
        ("at", "today"),
        ("at", float("nan")),
        ("by", {"name": "ada"}),
    ],
)
def test_an_order_of_another_pool_or_of_other_types_is_none(
    world: OrdersInEmbeddedAws, key: str, value: object
) -> None:
    """Whoever may write the parameter of one pool orders for that pool and stops no controller."""
    text = json.dumps(ORDER.as_record() | {key: value})
    world.clients.ssm.put_parameter(Name=ORDER_NAME, Value=text, Type="String")
    with pytest.raises(Surprise, match=f"SSM parameter {ORDER_NAME}: is no order.*{key}"):
        world.port.placed([POOL, "other"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pool", "other"),
        ("at", "now"),
        ("ended_at", "never"),
        ("wave", None),
        ("memory", ["seen"]),
        ("awaited", "i-1"),
        ("awaited", [{"instance": 1}]),
    ],
)
def test_a_standing_of_another_pool_or_of_other_types_is_none(
    world: OrdersInEmbeddedAws, key: str, value: object
) -> None:
    text = json.dumps(STANDING.as_record() | {key: value})
    world.clients.ssm.put_parameter(Name=STANDING_NAME, Value=text, Type="String")
    with pytest.raises(Surprise, match=f"SSM parameter {STANDING_NAME}: is no standing"):
        world.port.standing(POOL)


def test_keys_of_a_newer_release_are_passed_over(world: OrdersInEmbeddedAws) -> None:
    text = json.dumps(ORDER.as_record() | {"colour": "red"})
    world.clients.ssm.put_parameter(Name=ORDER_NAME, Value=text, Type="String")
    assert world.port.order(POOL) == ORDER


def test_ten_pools_are_asked_for_in_one_call(world: OrdersInEmbeddedAws) -> None:
    calls: list[str] = []
    world.clients.ssm.meta.events.register(
        "before-call", lambda model, **_: calls.append(model.name)
    )
    world.port.placed([f"pool-{n}" for n in range(10)])
    assert calls == ["GetParameters"]
    world.port.placed([f"pool-{n}" for n in range(21)])
    assert calls == ["GetParameters"] * 4
    calls.clear()
    assert world.port.placed([]) == {}
    assert calls == []


def test_an_order_too_long_for_a_parameter_is_refused(world: OrdersInEmbeddedAws) -> None:
    with pytest.raises(Refusal, match=r"pool linux: the order is \d+ bytes, above 4096"):
        world.port.place(replace(ORDER, by="x" * 5000))


def test_a_command_that_comes_as_the_rollout_ends_brings_no_order_back(
    world: OrdersInEmbeddedAws,
) -> None:
    """SSM cannot compare before it replaces; the standing says that the rollout is over."""
    world.port.place(ORDER)

    def end(model: OperationModel, **_: object) -> None:
        if model.name == "PutParameter" and not over:
            over.append(True)
            world.port.tell(replace(STANDING, ended_at=STANDING.at))
            world.port.close(POOL, ORDER.id)

    over: list[bool] = []
    world.clients.ssm.meta.events.register("before-call", end)
    with pytest.raises(Refusal, match="is over"):
        world.port.command(POOL, ORDER.id, Command.HALT)
    assert world.port.order(POOL) is None


def test_an_order_that_went_before_it_could_be_named_is_told_to_be_over(
    world: OrdersInEmbeddedAws,
) -> None:
    """The refusal of a second order names the first, unless that is gone by then."""
    world.port.place(ORDER)

    def close(model: OperationModel, **_: object) -> None:
        if model.name == "PutParameter":
            ssm.delete_parameter(Name=ORDER_NAME)

    ssm = world.clients.ssm
    ssm.meta.events.register("after-call", close)
    with pytest.raises(Refusal, match="order anew"):
        world.port.place(replace(ORDER, id="r-2"))


def test_a_standing_that_fits_is_told_whole() -> None:
    assert Standing.from_record(json.loads(fitting(STANDING))) == STANDING


def test_awaited_agents_are_cut_before_words_and_words_before_memory() -> None:
    many = tuple(Awaited(instance=f"i-{n:017x}", build="job/" + "b" * 400) for n in range(10))
    crowded = replace(STANDING, awaited=many, because="why " * 100)
    cut = Standing.from_record(json.loads(fitting(crowded)))
    assert 0 < len(cut.awaited) < 10
    assert cut.awaited == many[: len(cut.awaited)]
    assert replace(cut, awaited=()) == replace(crowded, awaited=())
    wordy = Standing.from_record(json.loads(fitting(replace(crowded, because="why " * 2000))))
    assert wordy.awaited == ()
    assert wordy.because.startswith("why why")
    assert wordy.memory == crowded.memory


@given(
    because=st.text(max_size=5000),
    builds=st.lists(st.text(max_size=300), max_size=10),
    memory=st.dictionaries(st.text(max_size=20), st.text(max_size=2000), max_size=4),
)
def test_whatever_is_told_fits_and_can_be_read(
    because: str, builds: list[str], memory: dict[str, str]
) -> None:
    awaited = tuple(Awaited(instance="i-1", build=build) for build in builds)
    whole = replace(STANDING, because=because, awaited=awaited, memory=memory)
    text = fitting(whole)
    assert len(text.encode()) <= VALUE_BYTES
    assert "{{" not in text
    read = Standing.from_record(json.loads(text))
    assert replace(read, because="", awaited=(), memory={}) == replace(
        whole, because="", awaited=(), memory={}
    )
    assert whole.because.startswith(read.because)
