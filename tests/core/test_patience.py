"""Late boots are learned, and while nobody registers each that is given up doubles the patience."""

from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tests.core.books import drained
from tests.core.situations import sample
from tests.facts import NOW, group, instance, jenkins, node, pool, snapshot
from workhorse.core.boots import LONGEST_SECONDS, expected_boot, expecting
from workhorse.core.demand import Demand
from workhorse.core.drain import Cause
from workhorse.core.learn import Learned, Patience
from workhorse.core.learning import SHOWN_SECONDS, learn
from workhorse.core.model import Node
from workhorse.core.survey import Times, survey

POOL = pool(boot_seconds=300)
ID = "i-1"


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look shows of an instance that was launched `at` seconds ago."""

    at: float
    online: bool = False
    member: bool = True
    lost: Cause | None = None
    """Why it leaves."""
    version: int = 1
    blind: bool = False
    nodes: tuple[Node, ...] = ()


def looked(had: Learned, look: Look) -> Learned:
    at = NOW + look.at
    drains = {ID: drained(ID, cause=look.lost)} if look.lost else {}
    told = (*look.nodes, *([node(ID)] if look.online else ()))
    members = group(
        *([instance(ID, launched_at=NOW)] if look.member else ()), template_version=look.version
    )
    shown = snapshot(None if look.blind else jenkins(*told, read_at=at), members, at=at)
    seen = survey(expecting(POOL, had), members, shown, drains, Times())
    return learn(had, shown, seen, None if look.blind else Demand(), POOL.policy)


def through(looks: Iterable[Look], had: Learned | None = None) -> Learned:
    """What is known after these looks at a pool that was empty before them."""
    known = looked(had or Learned(), Look(at=-10, member=False))
    for look in looks:
        known = looked(known, look)
    return known


def test_a_boot_is_learned_however_late_when_it_was_seen_from_its_launch_on() -> None:
    known = through([Look(at=5), Look(at=295), Look(at=900), Look(at=1200, online=True)])
    assert known.boots.newest == (1200,)
    assert expected_boot(POOL.policy, known) == 1200


def test_it_is_learned_of_one_that_is_given_up_and_comes_before_its_end() -> None:
    up = Look(at=500, lost=Cause.LOST)
    known = through([Look(at=5), Look(at=420), up, Look(at=510, online=True, lost=Cause.LOST)])
    assert (known.boots.newest, known.patience.seconds) == ((510,), 0)


def test_an_outage_makes_no_boot_late() -> None:
    """When Jenkins is back the agent registers within a minute: that was not its boot."""
    known = through(
        [Look(at=5), Look(at=10, blind=True), Look(at=2000), Look(at=2010, online=True)]
    )
    assert known.boots.newest == ()


def test_who_came_in_the_dark_and_is_not_listed_after_it_teaches_no_boot() -> None:
    """Somebody may have taken its executors away meanwhile, and give them back an hour later."""
    dark = Look(at=20, online=True, blind=True)
    known = through([Look(at=5), dark, Look(at=30), Look(at=3000), Look(at=3010, online=True)])
    assert known.boots.newest == ()


def test_a_boot_within_what_was_said_is_learned_through_an_outage_as_ever() -> None:
    known = through([Look(at=5), Look(at=10, blind=True), Look(at=100), Look(at=120, online=True)])
    assert known.boots.newest == (120,)


def test_who_was_forgotten_by_jenkins_and_comes_back_teaches_no_boot() -> None:
    there = [Look(at=5), Look(at=50, online=True)]
    for known in (
        through([*there, Look(at=5000), Look(at=5400), Look(at=5500, online=True)]),
        through([*there, Look(at=55), Look(at=5400), Look(at=5500, online=True)]),
    ):
        assert known.boots.newest == (50,)


def test_a_clock_that_is_an_hour_ahead_of_ec2_teaches_no_boot() -> None:
    known = through([Look(at=3600), Look(at=3650), Look(at=3660, online=True)])
    assert known.boots.newest == ()


def given_up(at: float, **changes: bool | int) -> list[Look]:
    """An instance that is launched, waited for, and leaves then."""
    return [Look(at=5), Look(at=at - 10), Look(at=at, lost=Cause.LOST, **changes)]  # type: ignore[arg-type]


def test_who_never_came_and_is_given_up_doubles_the_patience_once() -> None:
    once = through(given_up(430))
    assert once.patience.seconds == 600
    gone = [Look(at=440, lost=Cause.LOST), Look(at=700, lost=Cause.LOST, member=False)]
    assert through(gone, once).patience.seconds == 600
    assert through([*given_up(430), *gone]).patience.seconds == 600


def test_it_doubles_also_where_its_end_is_so_quick_that_no_look_shows_it_leave() -> None:
    assert through(given_up(430, member=False)).patience.seconds == 600


def test_it_doubles_also_by_a_clock_that_is_behind_ec2() -> None:
    """Launches are in its future: it goes by its own first look, as the ledger does."""
    looks = [Look(at=-300), Look(at=120), Look(at=130, lost=Cause.LOST)]
    assert through(looks).patience.seconds == 600


def test_who_hung_doubles_nothing_though_it_was_not_listed_when_we_began() -> None:
    """It had registered before a restart of ours; then somebody took its executors away."""
    away = (node(ID, offline=True),)
    looks = [Look(at=5), Look(at=420, nodes=away), Look(at=430, nodes=away, lost=Cause.LOST)]
    gone = Look(at=440, lost=Cause.LOST, member=False)
    assert through([*looks, gone]).patience.seconds == 0


def test_the_patience_doubles_up_to_half_an_hour_and_no_further() -> None:
    known, found = Learned(), list[float]()
    for _ in range(6):
        known = through(given_up(5000), known)
        found.append(known.patience.seconds)
    assert found == [600, 1200, *[LONGEST_SECONDS] * 4]


def test_where_boots_are_known_to_be_quick_three_zombies_go_within_five_minutes_of_that() -> None:
    """What is doubled is the learned boot, and the margin comes on top."""
    known, waited = Learned(boots=sample(*[60.0] * 20)), [60.0]
    for _ in range(2):
        known = through(given_up(1000), known)
        waited.append(known.patience.seconds)
    assert waited == [60, 120, 240]
    assert expected_boot(POOL.policy, known) == 300


def test_who_says_that_it_cannot_be_an_agent_doubles_nothing() -> None:
    assert through(given_up(200)).patience.seconds == 0


def test_who_is_taken_for_another_reason_doubles_nothing() -> None:
    spot = [Look(at=5), Look(at=420), Look(at=430, lost=Cause.SPOT)]
    assert through(spot).patience.seconds == 0


def test_any_that_registers_brings_the_patience_back() -> None:
    known = through(given_up(430))
    assert through([Look(at=5), Look(at=60, online=True)], known).patience.seconds == 0


def test_one_that_an_outage_may_have_made_late_leaves_the_patience_as_it_is() -> None:
    dark = [Look(at=5), Look(at=10, blind=True), Look(at=500), Look(at=590)]
    known = through([*dark, Look(at=600, online=True)], through(given_up(430)))
    assert (known.boots.newest, known.patience.seconds) == ((), 600)


def test_one_that_comes_later_than_a_hundred_others_is_waited_for_until_the_next_comes() -> None:
    """An image that boots slower than the one before: its first is no reason to end the others."""
    had = Learned(boots=sample(*[60.0] * 256))
    known = through([Look(at=5), Look(at=590), Look(at=600, online=True)], had)
    assert (known.boots.quantile(0.99), expected_boot(POOL.policy, known)) == (60, 600)
    assert through([Look(at=5), Look(at=60, online=True)], known).patience.seconds == 0


def test_another_version_of_the_launch_template_begins_without_patience() -> None:
    known = through(given_up(430))
    assert looked(known, Look(at=440)).patience == Patience(seconds=600, version=1)
    assert looked(known, Look(at=440, version=2)).patience.seconds == 0


def test_a_restart_forgets_the_patience_and_keeps_the_boots() -> None:
    known = through([*given_up(430)], Learned(boots=sample(900.0)))
    kept = Learned.from_record(known.as_record())
    assert (kept.patience, kept.boots.newest) == (Patience(), (900,))


@given(
    st.lists(
        st.tuples(st.floats(1, 4000), st.sampled_from(["there", "online", "lost", "blind"])),
        max_size=30,
    )
)
def test_whatever_is_seen_nobody_expects_less_than_was_said_or_more_than_half_an_hour(
    looks: list[tuple[float, str]],
) -> None:
    """And nothing is learned of a boot that is longer than the instance was seen, or a minute."""
    at, known = 0.0, looked(Learned(), Look(at=-10, member=False))
    first: float | None = None
    for pause, how in looks:
        at += pause
        lost = Cause.LOST if how == "lost" else None
        had = known
        known = looked(had, Look(at=at, online=how == "online", lost=lost, blind=how == "blind"))
        first = None if how == "blind" else at if first is None else first
        assert 300 <= expected_boot(POOL.policy, known) <= LONGEST_SECONDS
        for boot in known.boots.newest[len(had.boots) :]:
            assert boot < 300 or (first is not None and boot <= at - first + SHOWN_SECONDS + 1)
