"""What the commands share: settings in words, ends as exit statuses, files whole or not at all."""

import argparse
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workhorse.core.errors import Refusal, Surprise
from workhorse.sim import command
from workhorse.sim.contender import contender
from workhorse.sim.fleet import Boot


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        ("poll", "poll", {}),
        ("ec2-plugin()", "ec2-plugin", {}),
        (" exact ( buffer=2 ) ", "exact", {"buffer": 2}),
        ("duration(idle_seconds=auto)", "duration", {"idle_seconds": "auto"}),
        ("duration(idle_seconds='auto')", "duration", {"idle_seconds": "auto"}),
        ("exact(buffer=1, idle_seconds=60.5)", "exact", {"buffer": 1, "idle_seconds": 60.5}),
        ("exact(scale_in=false)", "exact", {"scale_in": False}),
        ("poll(elastic=True,idle_seconds=5)", "poll", {"elastic": True, "idle_seconds": 5}),
        ("fixed(size=null)", "fixed", {"size": None}),
        ("fixed(size=None)", "fixed", {"size": None}),
        (
            "exact(windows=[{'days': 'mon-fri', 'floor': 2}], buffer=1)",
            "exact",
            {"windows": [{"days": "mon-fri", "floor": 2}], "buffer": 1},
        ),
    ],
)
def test_a_policy_is_named_with_its_settings(
    text: str, name: str, wanted: Mapping[str, object]
) -> None:
    assert command.policy(text) == contender(name, wanted)


@settings(max_examples=15)  # plugins are looked up each time
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "buffer": st.integers(0, 9),
            "cool_down_seconds": st.floats(0, 999),
            "confidence": st.floats(0.1, 1),
            "idle_seconds": st.just("auto") | st.floats(1, 1e6),
            "scale_in": st.booleans(),
        },
    )
)
def test_the_name_that_a_contender_is_told_by_names_it(wanted: Mapping[str, object]) -> None:
    one = contender("duration", wanted)

    assert command.policy(str(one)) == one


@pytest.mark.parametrize(
    "text", ["", "poll(", "poll)", "poll(a)", "poll(=1)", "poll(a=)", "poll(idle_seconds=1, b)"]
)
def test_what_names_no_policy_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match=r"poll|must be NAME"):
        command.policy(text)


def test_pairs_are_json_or_words() -> None:
    given_pairs = ["a=1", "b=1.5", "c=true", "d=auto", 'e="x"', "f=[1, 2]", "g=a=b", "h="]

    found = command.pairs("--set", given_pairs)

    assert list(found) == list("abcdefgh")
    assert list(found.values()) == [1, 1.5, True, "auto", "x", [1, 2], "a=b", ""]


def test_every_pair_that_is_none_is_told() -> None:
    with pytest.raises(Refusal, match=r"--set 'a': must be KEY=VALUE\n--set '=b': must be"):
        command.pairs("--set", ["a", "=b", "c=d"])


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_world(parser)
    return parser.parse_args(words)


def test_the_world_is_told_by_boot_and_other_assumptions() -> None:
    made = command.world(arguments("--boot", "30:90", "--fleet", "executors=2"))

    assert made.machines.boot == Boot(median_seconds=30, p99_seconds=90)
    assert made.machines.executors == 2
    assert command.world(arguments("--boot", "40")).machines.boot.p99_seconds is None
    with pytest.raises(Refusal, match="colour"):
        command.world(arguments("--fleet", "colour=red"))


def raising(error: BaseException) -> Mapping[str, str]:
    raise error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Refusal("a: 1: must be 2"), command.REFUSED, "a: 1: must be 2\n"),
        (Surprise("the disk is full"), command.FAILED, "the disk is full\n"),
        (
            KeyboardInterrupt(),
            command.INTERRUPTED,
            "interrupted: out/kept.jsonl keeps what is done; run it again to go on\n",
        ),
    ],
)
def test_each_end_has_its_status_and_its_words(
    error: BaseException, status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.ended(lambda: raising(error), Path("out")) == status
    assert capsys.readouterr().err == words


def test_a_part_that_failed_fails_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.ended(dict, Path("out")) == 0
    assert command.ended(lambda: {"poll": "boom"}, Path("out")) == command.FAILED
    assert capsys.readouterr().err == "failed: poll: boom\n"


def test_a_file_is_written_with_its_folder_or_not_at_all(tmp_path: Path) -> None:
    command.written(tmp_path / "a/b.txt", "one")
    command.written(tmp_path / "a/b.txt", "two")

    assert (tmp_path / "a/b.txt").read_text() == "two"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.txt"]
    with pytest.raises(Surprise, match=r"b\.txt/c"):
        command.written(tmp_path / "a/b.txt/c", "three")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    rows = [["policy", "p95", "x"], ["a", "1000.0", ""], ["long-name", "2.5", "y"]]

    assert command.columns(rows) == [
        "policy        p95  x",
        "a          1000.0",
        "long-name     2.5  y",
    ]


def test_a_contender_is_told_as_it_is_read() -> None:
    """`duration` has an idle time of its own beside the policy's: the two are told apart."""
    for told in (
        "duration(idle_seconds=60)",
        "duration(policy.idle_seconds=60)",
        "exact(buffer=1)",
    ):
        assert str(command.policy(told)) == told
