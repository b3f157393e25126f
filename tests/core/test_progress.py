"""What people see of a rollout, word for word."""

import pytest

from workhorse.core import progress
from workhorse.core.orders import Awaited, Command, Order, Standing
from workhorse.core.progress import Ending, Progress, build_name, ending, in_words, verdict
from workhorse.core.rollout import OVER, ROLLOUT, RolloutState

ORDER = Order(
    id="20260301T100000-ab",
    pool="linux",
    group="workhorse-linux",
    target=7,
    image="ami-0new",
    previous=6,
    by="ann",
    at=1000.0,
)
NOW = 1840.0


def standing(**changes: object) -> Standing:
    """A second wave, in its middle."""
    facts = {
        "order": ORDER.id,
        "pool": "linux",
        "state": "WAVE",
        "at": NOW - 5,
        "since": NOW - 300,
        "started_at": 1010.0,
        "wave": 1,
        "total": 12,
        "left": 7,
        "leaving": 3,
        "launched": 6,
        "registered": 5,
        "boot_seconds": 80.4,
        "awaited": (
            Awaited(
                instance="i-0abc",
                build="job/api-tests/812/",
                since=NOW - 840,
                usual_seconds=1200,
            ),
            Awaited(instance="i-0def", because="boots"),
        ),
    }
    return Standing(**{**facts, **changes})


def block(told: Standing | None, *, order: Order = ORDER, width: int = 100) -> str:
    return "\n".join(Progress(order=order, standing=told, waves=3).block(NOW, width=width))


def line(told: Standing | None) -> str:
    return Progress(order=ORDER, standing=told, waves=3).line()


WAVE = """\
linux: version 6 -> 7 (ami-0new) by drain, ordered by ann 14 min ago
[============--------          ] 5 of 12 replaced, 3 leaving
wave 2 of 3: replaces agents
5 of 6 new agents registered, boot 80 s
waits for i-0abc: runs api-tests #812, 14 min so far, usually 20 min
          i-0def: boots"""


def test_the_block_tells_the_wave_the_counts_and_what_is_waited_for() -> None:
    assert block(standing()) == WAVE


def test_a_line_tells_the_same_without_what_only_time_changes() -> None:
    told = standing()

    assert line(told) == (
        "wave 2 of 3: replaces agents, 5 of 12 replaced, 3 leaving, "
        "5 of 6 new agents registered, boot 80 s, waits for i-0abc (api-tests #812) and 1 more"
    )


def test_an_order_that_nobody_took_waits_for_a_controller() -> None:
    of_another = standing(order="20260201T100000-aa")

    for nothing in (None, of_another):
        assert block(nothing).splitlines()[1:] == ["waits 14 min for a controller to take it"]
        assert line(nothing) == "waits for a controller to take it"


def test_a_canary_is_named_and_no_bar_is_drawn_before_agents_are_counted() -> None:
    told = standing(
        state="CANARY", total=0, left=0, leaving=0, launched=0, awaited=(), canary="i-0can"
    )

    assert block(told).splitlines()[1:] == ["waits for the canary to register, i-0can"]


def test_what_holds_a_rollout_back_is_told() -> None:
    told = standing(because="a build has waited 700 s, at most 600 s", awaited=())

    assert block(told).splitlines()[-1] == "because a build has waited 700 s, at most 600 s"
    assert line(told).endswith("boot 80 s: a build has waited 700 s, at most 600 s")


def test_failures_of_a_wave_are_counted() -> None:
    assert "5 of 6 new agents registered, 1 failed, boot 80 s" in block(standing(failed=1))


def test_a_state_that_is_not_known_here_is_told_by_its_name() -> None:
    assert "new thing" in block(standing(state="NEW_THING"))


def test_every_state_of_the_machine_is_told_in_words() -> None:
    assert set(progress._DOING) == set(RolloutState)
    assert {state for state in progress._ENDINGS if state != "HALTED"} == set(OVER)
    assert {row.because for row in ROLLOUT.values()} >= progress._SAID


def test_a_canary_that_boots_is_named_once_and_one_that_is_tried_with_its_build() -> None:
    canary = Awaited(instance="i-0can", because="boots")
    tried = Awaited(instance="i-0can", build="job/smoke/7/", since=NOW - 60)
    boots = standing(state="CANARY", total=0, launched=0, canary="i-0can", awaited=(canary,))
    smoke = standing(state="SMOKE", total=0, launched=0, canary="i-0can", awaited=(tried,))

    assert line(boots) == "waits for the canary to register, i-0can, 3 leaving"
    assert line(smoke).endswith("waits for i-0can (smoke #7)")
    assert block(smoke).splitlines()[-1] == "waits for i-0can: runs smoke #7, 60 s so far"


def test_what_was_told_long_ago_is_told_as_old() -> None:
    old = "nothing was told for 10 min: does a controller run?"

    assert block(standing(at=NOW - 600)).splitlines()[-1] == old
    assert old not in block(standing(at=NOW - 600, ended_at=NOW - 600, state="DONE"))


def test_what_people_asked_for_meanwhile_is_told() -> None:
    order = Order.from_record({**ORDER.as_record(), "command": "halt"})

    assert order.command is Command.HALT
    assert block(standing(), order=order).splitlines()[0].endswith("14 min ago, asked to halt")


def test_of_many_awaited_agents_the_first_few_are_named() -> None:
    many = tuple(Awaited(instance=f"i-{n}", because="settles") for n in range(9))

    *_, last, more = block(standing(awaited=many)).splitlines()

    assert last == "          i-4: settles"
    assert more == "          and 4 more"


@pytest.mark.parametrize("width", [20, 40, 72, 200])
def test_no_line_is_longer_than_the_terminal_is_wide(width: int) -> None:
    told = standing(because="of a very long reason " * 20)

    assert max(len(each) for each in block(told, width=width).splitlines()) <= width
    assert block(told).isascii()


@pytest.mark.parametrize(
    ("left", "leaving", "bar"),
    [
        (12, 0, "[                              ] 0 of 12 replaced"),
        (12, 1, "[---                           ] 0 of 12 replaced, 1 leaving"),
        (0, 0, "[==============================] 12 of 12 replaced"),
        # The pool grew meanwhile by agents of the old version, before the group launched the new.
        (14, 14, "[------------------------------] 0 of 12 replaced, 14 leaving"),
    ],
)
def test_the_bar_is_full_when_all_are_replaced(left: int, leaving: int, bar: str) -> None:
    assert block(standing(left=left, leaving=leaving)).splitlines()[1] == bar


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7170, "2 h 00 min"),
        (3900, "65 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_durations_are_told_as_people_say_them(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("job/api-tests/812/", "api-tests #812"),
        ("job/team/job/api/7", "team/api #7"),
        ("job/matrix/jdk=21,label=linux/3/", "matrix jdk=21,label=linux #3"),
        ("odd", "odd"),
    ],
)
def test_builds_are_named_as_people_write_them(path: str, name: str) -> None:
    assert build_name(path) == name


@pytest.mark.parametrize(
    ("changes", "came"),
    [
        ({}, Ending.UNDER_WAY),
        ({"state": "HALTED"}, Ending.UNDER_WAY),
        ({"state": "DONE", "ended_at": NOW}, Ending.DONE),
        ({"state": "FAILED", "ended_at": NOW}, Ending.FAILED),
        ({"state": "ROLLED_BACK", "ended_at": NOW}, Ending.ROLLED_BACK),
        ({"state": "ROLLING_BACK"}, Ending.UNDER_WAY),
        ({"state": "DONE", "ended_at": NOW, "order": "another"}, Ending.UNDER_WAY),
    ],
)
def test_whoever_waits_is_told_what_became_of_it(changes: dict[str, object], came: Ending) -> None:
    assert ending(ORDER, standing(**changes)) is came


def test_what_is_halted_is_so_until_it_is_asked_to_go_on() -> None:
    halted = Order.from_record({**ORDER.as_record(), "command": "halt"})

    assert ending(halted, standing(state="HALTED")) is Ending.HALTED
    assert ending(ORDER, standing(state="HALTED")) is Ending.UNDER_WAY


def test_the_end_is_told_in_one_line_with_how_long_it_took() -> None:
    told = standing(state="FAILED", ended_at=1730.0, because="the canary failed the smoke job")

    assert verdict(told) == (
        "pool linux: the rollout 20260301T100000-ab: failed after 12 min: "
        "the canary failed the smoke job"
    )
    assert verdict(standing()).endswith("-ab: replaces agents")


def test_nothing_became_of_an_order_that_nobody_took() -> None:
    assert ending(ORDER, None) is Ending.UNDER_WAY
