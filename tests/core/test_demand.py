"""Every queued item is placed once, on a pool that fits, or told why not."""

from hypothesis import given
from hypothesis import strategies as st

from tests.facts import NOW, item, jenkins, node, pool
from workhorse.core.demand import Placement, bound_nodes, place
from workhorse.core.model import ItemState, Jenkins, Pool

LINUX = pool("linux", "linux docker")
ARM = pool("arm", "linux arm64")
WINDOWS = pool("windows", "windows")
POOLS = (LINUX, ARM, WINDOWS)


def placed(told: Jenkins, *pools: Pool, **options: object) -> Placement:
    pools = pools or POOLS
    room = {p.name: 10 for p in pools}
    return place(told, pools, **({"now": NOW, "room": room} | options))  # type: ignore[arg-type]


def queued(placement: Placement) -> dict[str, int]:
    return {name: d.queued for name, d in placement.demands.items() if d.queued}


def test_an_item_goes_to_the_first_pool_that_fits_its_expression() -> None:
    told = jenkins(queue=(item(1, "linux"), item(2, "linux&&arm64"), item(3, "!linux")))

    assert queued(placed(told)) == {"linux": 1, "arm": 1, "windows": 1}


def test_an_item_goes_on_to_the_next_fitting_pool_when_the_first_has_no_room() -> None:
    told = jenkins(queue=(item(1, "linux"), item(2, "linux")))

    assert queued(placed(told, room={"linux": 1, "arm": 5})) == {"linux": 1, "arm": 1}


def test_an_item_stays_with_the_first_fitting_pool_when_none_has_room() -> None:
    told = jenkins(queue=(item(1, "linux"),))

    assert queued(placed(told, room={})) == {"linux": 1}


def test_an_item_that_no_pool_fits_is_reported_and_counted_nowhere() -> None:
    placement = placed(jenkins(queue=(item(7, "solaris"),)))

    assert queued(placement) == {}
    assert [(u.item, u.because) for u in placement.unplaced] == [
        (7, "no pool and no node fits label expression 'solaris'")
    ]


def test_an_item_that_only_a_node_outside_the_pools_fits_is_someone_elses() -> None:
    placement = placed(jenkins(node("mainframe", "zos"), queue=(item(1, "zos"),)))

    assert (queued(placement), placement.elsewhere, placement.unplaced) == ({}, 1, ())


def test_an_item_pinned_to_a_node_asks_for_no_other_agent() -> None:
    placement = placed(jenkins(node("i-00000001"), queue=(item(1, "i-00000001"),)))

    assert (queued(placement), placement.elsewhere) == ({}, 1)


def test_an_item_without_a_label_goes_to_a_pool_that_is_not_exclusive() -> None:
    picky = pool("picky", "linux", exclusive=True)

    assert queued(placed(jenkins(queue=(item(1, None),)), picky, WINDOWS)) == {"windows": 1}


def test_blocked_pending_and_flyweight_items_ask_for_no_executor() -> None:
    told = jenkins(
        queue=(
            item(1, state=ItemState.BLOCKED),
            item(2, state=ItemState.PENDING),
            item(3, None, flyweight=True),
        )
    )

    assert queued(placed(told)) == {}


def test_an_item_in_its_quiet_period_counts_when_it_is_due_before_an_agent_could_boot() -> None:
    soon = item(1, state=ItemState.WAITING, due=NOW + 5)
    late = item(2, state=ItemState.WAITING, due=NOW + 3600)

    assert queued(placed(jenkins(queue=(soon, late)))) == {"linux": 1}


def body(number: int, why: str, *, stuck: bool = False) -> object:
    return item(
        number, None, task=f"part of pipe #{number}", placeholder=True, why=why, stuck=stuck
    )


def test_a_pipeline_body_is_placed_by_the_expression_that_why_quotes() -> None:
    told = jenkins(
        node("a", "linux docker"),
        queue=(
            body(1, "There are no nodes with the label \u2018windows\u2019"),
            body(2, "All nodes of label \u2018linux&&arm64\u2019 are offline"),
            body(3, "Waiting for next available executor on \u2018linux||windows\u2019"),
            body(4, "\u2018a\u2019 doesn\u2019t have label \u2018arm64\u2019"),
        ),  # type: ignore[arg-type]
    )

    assert queued(placed(told)) == {"windows": 1, "arm": 2, "linux": 1}


def test_why_names_the_only_node_of_a_label_instead_of_the_label() -> None:
    why = "Waiting for next available executor on \u2018i-00000001\u2019"
    told = jenkins(node("i-00000001", "windows"), queue=(body(1, why),))  # type: ignore[arg-type]

    assert queued(placed(told)) == {"windows": 1}


def test_why_that_names_a_cordoned_node_means_that_very_node() -> None:
    why = "Waiting for next available executor on \u2018i-00000001\u2019"
    told = jenkins(node("i-00000001", "windows"), queue=(body(1, why),))  # type: ignore[arg-type]

    placement = placed(told, cordoned=frozenset({"i-00000001"}))

    assert (queued(placement), placement.elsewhere) == ({}, 1)


def test_bodies_of_unknown_label_ask_for_one_agent_of_the_default_pool_together() -> None:
    bare = "Waiting for next available executor"
    told = jenkins(queue=(body(1, bare, stuck=True), body(2, bare, stuck=True)))  # type: ignore[arg-type]

    assert queued(placed(told, default_pool="windows")) == {"windows": 1}


def test_bodies_of_unknown_label_are_reported_when_there_is_no_default_pool() -> None:
    bare = "Waiting for next available executor"
    told = jenkins(queue=(body(1, bare, stuck=True),))  # type: ignore[arg-type]

    assert [u.item for u in placed(told).unplaced] == [1]


def test_a_body_that_is_not_stuck_has_no_label_and_runs_anywhere() -> None:
    bare = "Waiting for next available executor"
    told = jenkins(node("a"), queue=(body(1, bare),))  # type: ignore[arg-type]

    assert queued(placed(told)) == {"linux": 1}


def test_demand_tells_each_label_and_since_when_the_oldest_item_waits() -> None:
    told = jenkins(
        queue=(item(1, "linux", since=NOW - 90), item(2, "docker"), item(3, "linux", since=NOW - 9))
    )

    demand = placed(told).demands["linux"]

    assert demand.since == NOW - 90
    assert {k: (q.count, q.since) for k, q in demand.labels.items()} == {
        "linux": (2, NOW - 90),
        "docker": (1, NOW - 60),
    }


def test_bound_nodes_are_those_that_items_other_than_the_release_job_name() -> None:
    told = jenkins(
        node("i-00000001"),
        node("i-00000002"),
        node("i-00000003"),
        queue=(
            item(1, "i-00000001"),
            item(2, None, why="\u2018i-00000002\u2019 is offline"),
            item(3, "i-00000003", task="workhorse-release"),
        ),
    )

    bound = bound_nodes(told, except_jobs=frozenset({"workhorse-release"}))

    assert bound == {"i-00000001", "i-00000002"}


EXPRESSIONS = st.sampled_from(
    [None, "linux", "arm64", "!linux", "docker||windows", "zos", "i-00000001"]
)


@given(
    st.lists(st.tuples(EXPRESSIONS, st.sampled_from(ItemState))),
    st.integers(min_value=0, max_value=9),
)
def test_every_item_that_counts_is_placed_exactly_once(
    asked: list[tuple[str | None, ItemState]], room: int
) -> None:
    queue = tuple(item(n, e, state=s, due=NOW) for n, (e, s) in enumerate(asked))

    placement = placed(jenkins(node("i-00000001"), queue=queue), room={"linux": room})

    counted = sum(s in {ItemState.BUILDABLE, ItemState.WAITING} for _, s in asked)
    told = sum(queued(placement).values()) + placement.elsewhere + len(placement.unplaced)
    assert told == counted


def test_a_node_that_is_not_listed_is_no_label_of_a_pipeline_that_jenkins_says_waits_for_it() -> (
    None
):
    """Jenkins names the only node that fits; one whose executors were taken away is not listed."""
    hidden = body(1, "Waiting for next available executor on \u2018i-00000001\u2019")
    gone = body(2, "There are no nodes with the label \u2018i-00000002\u2019")

    before = placed(jenkins(queue=(hidden, gone)), default_pool="linux")

    assert (queued(before), [u.item for u in before.unplaced]) == ({"linux": 1}, [2])
    nobody = body(1, "Waiting for next available executor", stuck=True)
    after = placed(jenkins(queue=(nobody,)), default_pool="linux", had=before)
    assert queued(after) == {"linux": 1}
