"""What a pool teaches us: samples, the account of a day, and what the journal gives back."""

from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from tests.facts import NOW
from workhorse.core.learn import DAY_SECONDS, KEPT, Learned, Sample, Spent

MIDNIGHT = NOW // DAY_SECONDS * DAY_SECONDS
VALUES = st.lists(st.floats(min_value=0, max_value=9999).map(lambda x: round(x, 1)), max_size=40)


def sample(*values: float) -> Sample:
    return Sample().added(values)


def test_a_quantile_is_the_least_value_that_so_many_do_not_exceed() -> None:
    boots = sample(50, 70, 60, 90)

    assert [boots.quantile(q) for q in (0, 0.25, 0.5, 0.51, 0.99, 1)] == [50, 50, 60, 70, 90, 90]


def test_of_nothing_there_is_no_quantile_and_no_share() -> None:
    assert Sample().quantile(0.5) is None
    assert Sample().up_to(10) == 0
    assert Sample().ends_within(0, 10) == (0, 0)


def test_what_lasted_so_long_ends_like_those_that_lasted_longer() -> None:
    builds = sample(10, 100, 200, 300, 400)

    assert builds.ends_within(150, 60) == (1 / 3, 3)
    assert builds.ends_within(150, 150) == (2 / 3, 3)
    assert builds.ends_within(400, 60) == (0, 0)


def test_only_the_newest_are_kept_and_all_are_counted() -> None:
    many = sample(*range(KEPT)).added([1000, 2000])

    assert many.newest[0] == 2
    assert many.newest[-2:] == (1000, 2000)
    assert (len(many), many.seen) == (KEPT, KEPT + 2)


def test_nothing_new_is_the_same_sample() -> None:
    had = sample(1)

    assert had.added([]) is had


@given(VALUES, st.floats(min_value=0, max_value=9999))
def test_shares_agree_with_counting_by_hand(values: list[float], at: float) -> None:
    found = sample(*values)

    assert found.ordered == tuple(sorted(values))
    assert found.beyond(at) == sum(v > at for v in values)
    assert found.below(at) == tuple(sorted(v for v in values if v < at))
    if values:
        assert abs(found.up_to(at) - bisect_right(sorted(values), at) / len(values)) < 1e-9


def test_instance_seconds_are_counted_by_the_day() -> None:
    spent = Spent().counted(MIDNIGHT + 100, 2).counted(MIDNIGHT + 160, 1)

    assert spent.today(MIDNIGHT + 160) == 120
    assert spent.today(MIDNIGHT + 200) == 160
    assert spent.today(MIDNIGHT + DAY_SECONDS + 50) == 50, "a new day begins with nothing spent"


def test_as_many_instances_as_before_are_the_same_account() -> None:
    spent = Spent().counted(MIDNIGHT, 3)

    assert spent.counted(MIDNIGHT + 10, 3) is spent


@given(st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 9)), min_size=1, max_size=12))
def test_the_account_of_a_day_is_the_sum_of_its_stretches(changes: list[tuple[int, int]]) -> None:
    changes = sorted(changes)
    spent, end = Spent(), MIDNIGHT + 2 * DAY_SECONDS
    for at, instances in changes:
        spent = spent.counted(MIDNIGHT + at, instances)
    last = MIDNIGHT + max(at for at, _ in changes)
    day = last // DAY_SECONDS * DAY_SECONDS
    edges = [*(MIDNIGHT + at for at, _ in changes[1:]), min(end, day + DAY_SECONDS)]
    expected = sum(
        instances * max(0.0, edge - max(MIDNIGHT + at, day))
        for (at, instances), edge in zip(changes, edges, strict=True)
        if edge > day
    )

    assert abs(spent.today(min(end, day + DAY_SECONDS) - 1e-6) - expected) < 1


@given(VALUES, VALUES, st.lists(st.integers(0, 2_000_000_000), max_size=9))
def test_the_journal_gives_back_what_it_was_given(
    boots: list[float], waits: list[float], arrivals: list[int]
) -> None:
    had = Learned(
        boots=sample(*boots),
        waits=sample(*waits),
        ratios=Sample().added([1.234], digits=3),
        arrivals=tuple(float(a) for a in sorted(arrivals)),
        spent=Spent().counted(NOW, 3),
    )

    assert Learned.from_record(had.as_record()) == had


def test_a_journal_that_kept_less_taught_less() -> None:
    assert Learned.from_record({}) == Learned()
    assert Learned.from_record({"boots": [50.0, 70.0]}).boot(0.5) == 50


def test_the_boot_is_not_known_before_the_first() -> None:
    assert Learned().boot(0.5) is None
