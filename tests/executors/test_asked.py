"""What a pool's commands were told: each difference once, however late and piecemeal it shows."""

from hypothesis import given
from hypothesis import strategies as st

from tests.facts import group, pool
from workhorse.core.model import Group
from workhorse.executors.asked import Asked
from workhorse.sim.journal import MemoryJournal
from workhorse.sim.kernel import Kernel
from workhorse.sim.line import Line

NOW = 1_000_000.0
BOOT = 300.0
POOL = pool(boot_seconds=BOOT)
SIZES = st.integers(min_value=0, max_value=20)


def journal() -> MemoryJournal:
    return MemoryJournal(Line(Kernel(NOW)))


def reads(desired: int) -> Group:
    return group(desired=desired)


def test_nothing_asked_the_group_is_believed() -> None:
    assert Asked(POOL, journal()).base(reads(3), NOW) == 3


def test_what_was_asked_counts_until_the_group_goes_beyond_it_or_the_time_is_over() -> None:
    asked = Asked(POOL, journal())
    asked.begins(reads(2), 5, NOW)
    found = [asked.base(reads(desired), NOW + 1) for desired in range(8)]
    assert found == [0, 1, 5, 5, 5, 5, 6, 7]
    assert asked.base(reads(2), NOW + BOOT) == 2
    assert asked.base(reads(2), NOW - 1) == 2, "a clock that jumped back"


def test_another_pools_commands_do_not_count() -> None:
    kept = journal()
    Asked(POOL, kept).begins(reads(0), 5, NOW)
    assert Asked(pool("windows"), kept).base(reads(0), NOW) == 0
    assert Asked(POOL, kept).base(reads(0), NOW) == 5, "this one's do, after a restart too"


@given(st.lists(st.tuples(SIZES, st.integers(0, 3), st.booleans()), max_size=8), SIZES)
def test_a_tool_that_adds_late_ends_at_the_newest_wish(
    wishes: list[tuple[int, int, bool]], start: int
) -> None:
    """Differences are told in order and show in order, each some wishes later, all in time."""
    kept, desired = journal(), start
    asked, coming = Asked(POOL, kept), list[int]()
    now = NOW
    for size, shown, restarted in wishes:
        now += 1
        asked = Asked(POOL, kept) if restarted else asked
        base = asked.base(reads(desired), now)
        if base != size:
            asked.begins(reads(desired), size, now)
            coming.append(size - base)
        for _ in range(min(shown, len(coming))):
            desired += coming.pop(0)
    assert desired + sum(coming) == (wishes[-1][0] if wishes else start)
