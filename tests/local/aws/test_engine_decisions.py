"""The pure parts: zones, victims, markets and waits, without a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.local.aws.market import Split, override_types, split_of
from workhorse.local.aws.victims import Candidate, choose_victims
from workhorse.local.aws.waits import begun, global_limit, outcome
from workhorse.local.aws.zones import zones_to_try


def test_the_emptiest_zone_is_tried_first_and_the_named_order_breaks_ties() -> None:
    assert zones_to_try(["a", "b", "c"], ["a", "a", "b"]) == ("c", "b", "a")
    assert zones_to_try(["b", "a"], []) == ("b", "a")


@given(st.lists(st.sampled_from("abc"), max_size=20), st.integers(1, 30))
def test_launches_one_by_one_end_balanced(held: list[str], more: int) -> None:
    """Whatever it began with: no zone that grew holds more than one above another."""
    grown = list(held)
    for _ in range(more):
        grown.append(zones_to_try("abc", grown)[0])
    counts = {zone: grown.count(zone) for zone in "abc"}
    changed = [zone for zone in "abc" if grown.count(zone) > held.count(zone)]

    assert all(counts[zone] <= min(counts.values()) + 1 for zone in changed)


def one(name: str, zone: str = "a", launched: float = 0, **more: object) -> Candidate:
    return Candidate(instance_id=name, zone=zone, launched=launched, **more)  # type: ignore[arg-type]


POLICIES = ["Default", "OldestInstance", "NewestInstance", "OldestLaunchTemplate"]


@pytest.mark.parametrize(
    ("policy", "victim"),
    [
        ("OldestInstance", "old"),
        ("NewestInstance", "new"),
        ("OldestLaunchTemplate", "stale"),
        ("Default", "stale"),
        ("ClosestToNextInstanceHour", "old"),
    ],
)
def test_each_termination_policy_picks_its_own_victim(policy: str, victim: str) -> None:
    """ec2-auto-scaling-termination-policies.html, within one zone."""
    present = [
        one("old", launched=1, template_version=2),
        one("stale", launched=2, template_version=1, outdated=True),
        one("new", launched=3, template_version=2),
    ]

    assert choose_victims(present, ["a"] * 3, [policy], 1) == (victim,)


def test_the_fullest_zone_gives_first_whatever_the_policy() -> None:
    """ec2-auto-scaling-termination-policies.html: balance comes before the policy."""
    present = [one("lone", "b", 0), one("first", "a", 5), one("second", "a", 6)]

    assert choose_victims(present, ["b", "a", "a"], ["OldestInstance"], 2) == ("first", "lone")


def test_protected_instances_count_for_the_balance_but_are_no_candidates() -> None:
    present = [one("free", "b", 9), one("other", "a", 1)]
    held = ["b", "b", "b", "a"]

    assert choose_victims(present, held, ["OldestInstance"], 1) == ("free",)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=12),
    st.integers(0, 15),
    st.sampled_from(POLICIES),
)
def test_victims_are_distinct_candidates_and_never_too_many(
    rows: list[tuple[str, int]], count: int, policy: str
) -> None:
    """For any group: min(count, candidates) different ones, the same each time."""
    present = [one(str(n), zone, launched) for n, (zone, launched) in enumerate(rows)]
    held = [zone for zone, _ in rows]
    chosen = choose_victims(present, held, [policy], count)

    assert len(chosen) == len(set(chosen)) == min(count, len(present))
    assert chosen == choose_victims(present, held, [policy], count)


@given(st.integers(0, 10), st.integers(0, 100), st.integers(0, 40))
def test_launching_one_by_one_follows_the_split(base: int, percent: int, size: int) -> None:
    """mixed-instances-groups-set-up-overview.html: base first, then the percentage."""
    split = Split(base=base, percent=percent)
    markets = {"on-demand": 0, "spot": 0}
    for _ in range(size):
        markets[split.next_market(markets["on-demand"], markets["spot"])] += 1

    assert markets["on-demand"] == split.on_demand(size)
    assert markets["on-demand"] >= min(base, size)


def test_a_policy_is_read_with_the_defaults_of_aws() -> None:
    """API_InstancesDistribution.html: base 0, 100 percent."""
    assert split_of(None) == split_of({"LaunchTemplate": {}}) == Split(base=0, percent=100)
    policy = {
        "LaunchTemplate": {"Overrides": [{"InstanceType": "m5.large"}, {}]},
        "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0},
    }
    assert split_of(policy) == Split(base=0, percent=0)
    assert override_types(policy) == ("m5.large",)


@pytest.mark.parametrize(("heartbeat", "limit"), [(30, 3000), (1728, 172800), (7200, 172800)])
def test_the_global_limit_is_the_smaller_of_two(heartbeat: float, limit: float) -> None:
    """lifecycle-hooks-overview.html: 48 hours or 100 times the heartbeat."""
    assert global_limit(heartbeat) == limit


@given(st.lists(st.floats(0, 59), max_size=200))
def test_no_row_of_heartbeats_passes_the_limit(gaps: list[float]) -> None:
    """However often it beats, the deadline stays within the limit."""
    held, now = begun(hook="h", token="t", heartbeat=60, default_result="ABANDON", now=0), 0.0
    for gap in gaps:
        now += gap
        held = held.at(now)
        if held.result is not None:
            break
        held = held.beat(now)
        assert now <= held.deadline <= 6000 or held.deadline == held.limit
    assert held.at(6000).result == "ABANDON"


def test_a_wait_past_its_deadline_has_its_default_result_and_keeps_it() -> None:
    held = begun(hook="h", token="t", heartbeat=60, default_result="CONTINUE", now=0)

    assert held.at(59.9) == held
    assert held.at(60).result == "CONTINUE"
    assert held.at(60).timed_out
    assert held.completed("ABANDON").at(99).result == "ABANDON"


@pytest.mark.parametrize(
    ("results", "amount"),
    [
        ([], "CONTINUE"),
        (["CONTINUE", None], None),
        (["CONTINUE", "CONTINUE"], "CONTINUE"),
        ([None, "ABANDON"], "ABANDON"),
    ],
)
def test_an_abandon_ends_the_other_waits(results: list[str | None], amount: str | None) -> None:
    """lifecycle-hooks-overview.html: several hooks of one transition."""
    fresh = begun(hook="h", token="t", heartbeat=60, default_result="CONTINUE", now=0)
    waits = [fresh.completed(result) if result else fresh for result in results]

    assert outcome(waits) == amount
