"""One pool's decision: where every agent stands, what is asked for, what is remembered."""

from dataclasses import replace

from tests.facts import NOW, busy, decided, group, instance, jenkins, node, pool, snapshot
from workhorse.core.cordon import cordon_label
from workhorse.core.decide import Change, PoolMemory
from workhorse.core.demand import Demand, LabelQueue
from workhorse.core.drain import Cause, Drain, DrainState
from workhorse.core.effects import SetDesiredCapacity
from workhorse.core.measure import pool_meters
from workhorse.core.model import Agent, Lifecycle, Scaling
from workhorse.core.plan import Moves
from workhorse.core.survey import Times

POOL = pool()
MEMORY = PoolMemory(changed_at=NOW - 3600)
QUEUED = Demand(queued=2, since=NOW - 30, labels={"linux": LabelQueue(count=2, since=NOW - 30)})


def names(agents: tuple[Agent, ...]) -> list[str]:
    return [a.instance.id for a in agents]


def test_every_agent_stands_in_one_place() -> None:
    members = (
        instance("i-ready"),
        instance("i-busy"),
        instance("i-pending", Lifecycle.PENDING, launched_at=NOW - 20),
        instance("i-booting", launched_at=NOW - 100),
        instance("i-never", launched_at=NOW - 900),
        instance("i-back", launched_at=NOW - 9000),
        instance("i-hung", launched_at=NOW - 9000),
        instance("i-cordoned"),
        instance("i-chosen"),
        instance("i-hook", Lifecycle.TERMINATING_WAIT),
        instance("i-standby", Lifecycle.OTHER),
    )
    told = jenkins(
        node("i-ready"),
        busy("i-busy"),
        node("i-back", offline=True),
        node("i-hung", offline=True),
        busy("i-cordoned", cordon_label("hook", "i-cordoned")),
        node("i-chosen"),
    )
    chosen = Drain(
        instance="i-chosen",
        pool="linux",
        group="linux-agents",
        cause=Cause.SCALE_IN,
        state=DrainState.ASKED,
        opened_at=NOW,
    )
    had = replace(MEMORY, times=Times(absent_since={"i-hung": NOW - 900}))

    seen = decided(snapshot(told, group(*members)), drains={"i-chosen": chosen}, memory=had).survey

    assert names(seen.ready) == ["i-ready", "i-busy"]
    assert names(seen.booting) == ["i-pending", "i-booting", "i-back"]
    assert names(seen.lost) == ["i-never", "i-hung"]
    assert names(seen.draining) == ["i-cordoned", "i-chosen", "i-hook"]
    assert names(seen.other) == ["i-standby"]
    assert seen.running == 1


def test_demand_without_agents_sets_desired_capacity_at_once() -> None:
    found = decided(snapshot(jenkins(), group()), QUEUED)

    assert found.effects == (SetDesiredCapacity(group="linux-agents", size=2),)
    assert (found.memory.seen, found.memory.expected) == (0, 2)
    assert found.memory.changed_at == NOW


def test_nothing_is_asked_for_twice_while_it_is_coming() -> None:
    found = decided(snapshot(jenkins(), group(desired=2)), QUEUED)

    assert found.moves == Moves()


def test_only_an_agent_that_was_idle_long_enough_is_chosen_to_leave() -> None:
    shown = snapshot(jenkins(node("i-a"), node("i-b")), group(instance("i-a"), instance("i-b")))
    since = Times(idle_since={"i-a": NOW - 400, "i-b": NOW - 100})

    assert decided(shown, memory=replace(MEMORY, times=since)).moves == Moves(leave=("i-a",))


def test_a_protected_agent_is_never_chosen() -> None:
    shown = snapshot(jenkins(node("i-a")), group(instance("i-a", protected=True)))
    since = Times(idle_since={"i-a": NOW - 4000})

    assert decided(shown, memory=replace(MEMORY, times=since)).moves == Moves()


def test_idle_time_starts_when_first_seen_idle_and_survives_an_unread_jenkins() -> None:
    members = group(instance("i-a"))
    first = decided(snapshot(jenkins(node("i-a")), members)).memory
    unread = decided(snapshot(None, members, at=NOW + 10), memory=first)
    again = decided(snapshot(jenkins(busy("i-a")), members, at=NOW + 20), memory=unread.memory)

    assert first.times.idle_since == {"i-a": NOW}
    assert unread.memory.times.idle_since == {"i-a": NOW}
    assert again.memory.times.idle_since == {}


def test_a_change_of_desired_by_another_hand_is_told_and_starts_the_cool_down() -> None:
    had = replace(MEMORY, seen=4, expected=4)

    found = decided(snapshot(jenkins(), group()), memory=had)

    assert found.change == Change(before=4, after=0, ours=False)
    assert found.memory.changed_at == NOW
    assert found.memory.expected == 0


def test_desired_that_falls_by_the_agents_we_ended_is_ours_however_much_shows_yet() -> None:
    had = replace(MEMORY, seen=4, expected=4)

    for shown in (2, 3):
        still = pool(scale_in=False)
        shows = snapshot(jenkins(), group(desired=shown))
        found = decided(shows, of=still, memory=had, ended=2)

        assert found.change == Change(before=4, after=shown, ours=True)
        assert found.memory.changed_at == MEMORY.changed_at


def test_desired_that_we_set_and_that_does_not_show_yet_is_no_change() -> None:
    had = replace(MEMORY, seen=0, expected=2)

    assert decided(snapshot(jenkins(), group()), memory=had).change is None


def test_in_alarms_mode_nothing_is_asked_for() -> None:
    found = decided(snapshot(jenkins(), group()), QUEUED, of=pool(scaling=Scaling.ALARMS))

    assert (found.moves, found.effects) == (Moves(), ())


def test_meters_tell_the_queue_per_label_and_the_agents_of_the_pool() -> None:
    told = jenkins(busy("i-a", executors=2), node("i-b", executors=2, offline=True))
    shown = snapshot(told, group(instance("i-a"), instance("i-b"), desired=3))
    seen = decided(shown, QUEUED).survey

    meters = {(m.name, m.label): m.value for m in pool_meters("linux", seen, QUEUED, NOW)}

    assert meters == {
        ("AgentsDesired", ""): 3,
        ("AgentsInService", ""): 1,
        ("AgentsBooting", ""): 1,
        ("AgentsDraining", ""): 0,
        ("AgentsLost", ""): 0,
        ("ExecutorsTotal", ""): 2,
        ("ExecutorsBusy", ""): 1,
        ("ExecutorsIdle", ""): 1,
        ("ExecutorsOffline", ""): 2,
        ("QueueLength", ""): 2,
        ("QueueOldestWait", ""): 30,
        ("QueueLength", "linux"): 2,
        ("QueueOldestWait", "linux"): 30,
    }


def test_an_unread_queue_is_not_published_as_an_empty_one() -> None:
    seen = decided(snapshot(jenkins(), group())).survey

    assert {m.name for m in pool_meters("linux", seen, None, NOW)} == {
        "AgentsDesired",
        "AgentsInService",
        "AgentsBooting",
        "AgentsDraining",
        "AgentsLost",
    }
