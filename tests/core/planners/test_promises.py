"""What every planner of ours keeps to, whatever its options and whatever it has learned."""

import json
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.situations import rich_situations
from workhorse.core.plan import TAIL, Plan, Planner, Situation
from workhorse.core.planners.duration import Duration
from workhorse.core.planners.exact import Exact
from workhorse.core.planners.objective import Objective
from workhorse.core.planners.stock import Stock
from workhorse.core.planners.windows import Window

SHARE = st.floats(min_value=0, max_value=3).map(lambda x: round(x, 2))
FEW = st.integers(min_value=0, max_value=8)
CLOCK = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda t: f"{t[0]:02}:{t[1]:02}")
WINDOWS = st.builds(
    Window,
    days=st.sampled_from(("mon-sun", "mon-fri", "sat,sun", "fri-mon")),
    start=CLOCK,
    end=CLOCK,
    zone=st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")),
    floor=FEW,
    idle_agents=FEW,
)
PLANNERS: st.SearchStrategy[Planner] = st.one_of(
    st.builds(
        Exact,
        buffer_ratio=SHARE,
        scale_out_factor=SHARE.map(lambda x: x + 0.1),
        idle_agents=FEW,
        windows=st.lists(WINDOWS, max_size=2).map(tuple),
    ),
    st.builds(
        Stock,
        queued_weight=SHARE,
        running_weight=SHARE,
        multiplier=SHARE,
        excess=st.integers(-5, 5).map(float),
        minimum=FEW,
        maximum=st.integers(8, 40),
        reevaluate_minutes=st.integers(0, 20).map(float),
    ),
    st.builds(
        Duration,
        confidence=st.floats(min_value=0.1, max_value=1),
        slack_seconds=st.integers(0, 120).map(float),
        idle_seconds=st.sampled_from(("auto", 0.0, 300.0)),
    ),
    st.builds(
        Objective,
        wait_seconds=st.integers(1, 200).map(float),
        quantile=st.floats(min_value=0.5, max_value=0.99),
        instance_hours_per_day=st.none() | st.integers(1, 2000).map(float),
    ),
)


def settled(planner: Planner, s: Situation) -> tuple[Situation, Plan]:
    """The plan after the first two, when what they asked for is coming and nothing else changed."""
    for _ in range(2):
        plan = planner.plan(s)
        coming = s.coming + max(0, plan.target - s.have)
        memory = json.loads(json.dumps(dict(plan.memory)))
        s = replace(s, memory=memory, forced=False, coming=coming)
    return s, planner.plan(s)


@given(PLANNERS, rich_situations())
def test_the_promises_about_size_come_last(planner: Planner, s: Situation) -> None:
    plan = planner.plan(s)
    tail = plan.reasons[-len(TAIL) :]

    assert [r.rule for r in tail] == [rule.__name__ for rule in TAIL]
    wanted = tail[0].before
    for rule in TAIL:
        wanted, _ = rule(s, wanted)
    assert plan.target == wanted


@given(PLANNERS, rich_situations())
def test_blind_means_still(planner: Planner, s: Situation) -> None:
    assume(not s.told or s.frozen)

    assert s.have <= planner.plan(s).target <= s.have + s.blind_step


@given(PLANNERS, rich_situations())
def test_no_step_is_beyond_the_sanity_limit_and_no_target_beyond_the_bounds(
    planner: Planner, s: Situation
) -> None:
    plan = planner.plan(s)

    assert abs(plan.target - s.have) <= s.policy.max_step
    if plan.target > s.have:
        assert plan.target <= s.ceiling
    if plan.target < s.have:
        assert plan.target >= s.floor or s.floor > s.ceiling


@given(PLANNERS, rich_situations())
def test_every_step_is_told_and_the_steps_join(planner: Planner, s: Situation) -> None:
    plan = planner.plan(s)

    assert [r.before for r in plan.reasons] == [0, *(r.after for r in plan.reasons[:-1])]
    assert plan.reasons[-1].after == plan.target
    assert all(r.because for r in plan.reasons)


@given(PLANNERS, rich_situations())
def test_the_same_situation_has_the_same_plan_and_it_is_plain(
    planner: Planner, s: Situation
) -> None:
    plan = planner.plan(s)

    assert planner.plan(s) == plan
    for told in (plan.memory, plan.report):
        assert json.loads(json.dumps(dict(told))) == told
    assert plan.idle_seconds >= 0


LATER = (1, 5, 15, 40, 90, 300, 700, 1800, 3600, 7200, 20_000, 50_000, 90_000)


def older(s: Situation, seconds: float) -> Situation:
    """The same facts so much later."""
    return replace(s, now=s.now + seconds)


def holds(planner: Planner, s: Situation) -> None:
    """Until its end, a plan that leaves the memory as it was is the plan of any older facts."""
    s, plan = settled(planner, s)
    for seconds in LATER:
        if plan.memory != s.memory or s.now + seconds >= plan.holds_until:
            break
        later = planner.plan(older(s, seconds))

        assert (later.target, later.idle_seconds) == (plan.target, plan.idle_seconds)
        assert later.memory == plan.memory


@given(PLANNERS, rich_situations())
def test_a_plan_holds_for_as_long_as_it_says(planner: Planner, s: Situation) -> None:
    holds(planner, s)


@given(PLANNERS, rich_situations(), st.integers(0, 3))
def test_a_plan_that_no_limit_hides_holds_for_as_long_as_it_says(
    planner: Planner, s: Situation, queued: int
) -> None:
    policy = replace(s.policy, floor=0, ceiling=60, max_step=99, buffer=0, cool_down_seconds=0)
    bounds = replace(s.group, minimum=0, maximum=60)
    calm = replace(s, policy=policy, group=bounds, told=True, frozen=False, queued=queued)
    few = replace(calm, waiting=s.waiting[:queued], running=1, builds=s.builds[:1], coming=0)

    holds(planner, few)


@given(PLANNERS, rich_situations(), st.integers(1, 10))
def test_more_that_waits_never_wants_fewer_agents(
    planner: Planner, s: Situation, more: int
) -> None:
    busier = replace(s, queued=s.queued + more, waiting=(*s.waiting, *[s.now] * more))

    assert planner.plan(busier).target >= planner.plan(s).target
