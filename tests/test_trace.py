"""The export of a Jenkins' past: what is in the trace, and that a killed export goes on."""

import argparse
import itertools
import json
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.answers import Answer, Answers, Asked, serving_as
from tests.local.jenkins.behaviour_helpers import NEW, House, open_house
from workhorse.__main__ import FAILED, REFUSED, main
from workhorse.adapters.jenkins_history import Stopped
from workhorse.core.errors import Refusal, Surprise
from workhorse.sim.workload import read_csv
from workhorse.trace import command
from workhorse.trace.export import monday_before

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0
METRICS = {"buildableDurationMillis": 5_000, "executingTimeMillis": 60_000, "subTaskCount": 0}


class Clock:
    """Time that stands still; told to stop at the n-th wait: each request but the first waits."""

    def __init__(self, stops_at: int | None, now: float) -> None:
        self._left = stops_at
        self._now = now

    def now(self) -> float:
        """Always the same."""
        return self._now

    def wait(self, seconds: float) -> bool:
        """At once."""
        assert seconds >= 0
        if self._left is not None:
            self._left -= 1
        return self._left is not None and self._left <= 0


class Past(Answers):
    """A Jenkins of one page of Python: jobs with their builds, newest first."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.builds: dict[str, list[dict[str, Any]]] = {}
        self.expressions: dict[str, str] = {}
        self.nodes: dict[str, list[str]] = {"a": ["linux", "docker", "a"]}
        self.pages: list[tuple[str, int]] = []

    def job(self, name: str, *started: float, expression: str = "", **content: Any) -> None:
        """A job with a build of a minute for each start."""
        facts = {"_class": "FreeStyleBuild", "building": False, "builtOn": "a", "duration": 60_000}
        numbered = enumerate(sorted(started), start=1)
        self.builds[name] = [
            {**facts, "number": number, "timestamp": at * 1000, "actions": [METRICS]} | content
            for number, at in numbered
        ][::-1]
        self.expressions[name] = expression

    def to(self, asked: Asked) -> Answer:
        """Answer from the past."""
        self.asked.append(asked)
        if asked.path == "/computer/api/json":
            nodes = [
                {
                    "_class": "x",
                    "displayName": name,
                    "assignedLabels": [{"name": n} for n in labels],
                }
                for name, labels in self.nodes.items()
            ]
            return _told(computer=nodes)
        if asked.path == "/api/json":
            return _told(jobs=[self._listed(name) for name in self.builds])
        name = asked.path.split("/")[2]
        first, last = map(int, re.findall(r"\{(\d+),(\d+)\}$", unquote(asked.query))[0])
        self.pages.append((name, first))
        return _told(allBuilds=self.builds[name][first:last])

    def _listed(self, name: str) -> dict[str, Any]:
        builds = self.builds[name]
        last = {"timestamp": builds[0]["timestamp"]} if builds else None
        return {"name": name, "labelExpression": self.expressions[name], "lastBuild": last}


def _told(**content: Any) -> Answer:
    return Answer(body=json.dumps(content))


@pytest.fixture
def past() -> Iterator[Past]:
    with serving_as(Past) as made:
        yield made


class Desk:
    """A folder with a token, where exports are made."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.out = folder / "trace.csv"
        self.partial = folder / "trace.csv.partial"
        self.said: list[str] = []
        (folder / "token").write_text("11" + "0" * 32)
        self._fixed = ["--jenkins", url, "--user", "admin", "--token-file", str(folder / "token")]

    def words(self, *options: str) -> list[str]:
        """The command line."""
        return [*self._fixed, "--out", str(self.out), "--per-minute", "60000", *options]

    def export(self, *options: str, stops_at: int | None = None, now: float = NOW) -> list[str]:
        """The lines of the trace."""
        parser = argparse.ArgumentParser()
        command.add_options(parser)
        arguments = parser.parse_args(self.words(*options))
        command.run(arguments, Clock(stops_at, now), self.said.append)
        return self.out.read_text().splitlines()


@pytest.fixture
def desk(tmp_path: Path, past: Past) -> Desk:
    return Desk(tmp_path, past.url)


def test_a_trace_tells_when_how_long_and_where_from_the_monday_before(
    past: Past, desk: Desk
) -> None:
    tuesday = datetime(2026, 3, 10, 1, tzinfo=UTC).timestamp()
    past.job("api", tuesday, tuesday + 100.25, expression="linux")
    past.job("web", tuesday + 50)
    assert desk.export() == [
        "arrival_s,duration_s,label,job",
        "89995.0,60.0,linux,api",
        "90045.0,60.0,docker&&linux,web",
        "90095.2,60.0,linux,api",
    ]
    assert [job.name for job in read_csv(desk.out)] == ["api", "web", "api"]
    assert desk.said == [
        "2 jobs with a build in the last 30 days",
        f"3 builds in {desk.out}",
        "1 of label docker&&linux",
        "2 of label linux",
    ]
    assert not desk.partial.exists()


def test_without_the_metrics_plugin_a_build_arrives_when_it_began_and_that_is_said(
    past: Past, desk: Desk
) -> None:
    past.job("api", NOW - 600, actions=[{}])
    (_, row) = desk.export()
    assert float(row.split(",")[0]) == NOW - 600 - monday_before(NOW)
    assert "1 arrive when they began, because nobody knows how long they waited" in desk.said[-1]


def test_only_builds_of_the_asked_days_count_and_old_jobs_are_not_even_asked(
    past: Past, desk: Desk
) -> None:
    past.job("old", NOW - 8 * DAY)
    past.job("new", NOW - 8 * DAY, NOW - 6 * DAY, NOW + 60)
    past.job("none")
    assert len(desk.export("--days", "7")) == 1 + 1
    assert [name for name, _ in past.pages] == ["new"]


def test_jobs_are_chosen_by_patterns(past: Past, desk: Desk) -> None:
    for name in ("api-tests", "api-lint", "web"):
        past.job(name, NOW - 60)
    rows = desk.export("--job", "api-*", "--job", "w?b")
    assert sorted(row.split(",")[3] for row in rows[1:]) == ["api-lint", "api-tests", "web"]
    assert len(desk.export("--job", "*lint")) == 1 + 1


def test_labels_come_from_the_job_then_from_the_node_then_from_the_option(
    past: Past, desk: Desk
) -> None:
    past.job("told", NOW - 1, expression="linux&&big")
    past.job("there", NOW - 2)
    past.job("gone", NOW - 3, builtOn="i-0gone")
    past.job("pipe", NOW - 4, builtOn=None)
    past.job("bare", NOW - 5, builtOn="b")
    past.nodes["b"] = ["b"]
    found = desk.export("--label", "somewhere", "--rename", "linux&&big=large")
    assert [row.split(",")[2] for row in found[1:]] == [
        "somewhere",
        "somewhere",
        "somewhere",
        "docker&&linux",
        "large",
    ]
    assert desk.said[-1] == "3 have the label somewhere, for nobody tells theirs"


def test_builds_on_the_built_in_node_and_such_of_no_time_are_left_out(
    past: Past, desk: Desk
) -> None:
    past.job("seed", NOW - 60, builtOn="")
    past.job("skipped", NOW - 60, duration=49)
    assert desk.export() == ["arrival_s,duration_s,label,job"]


def test_anonymous_rows_tell_jobs_apart_and_no_name(past: Past, desk: Desk) -> None:
    past.job("secret-a", NOW - 60, NOW - 120)
    past.job("secret-b", NOW - 90)
    with pytest.raises(Stopped):
        desk.export("--anonymous", stops_at=3)
    assert "secret" not in desk.partial.read_text()
    rows = desk.export("--anonymous")
    names = [row.split(",")[3] for row in rows[1:]]
    assert names[0] == names[2] != names[1]
    assert all(re.fullmatch("job-[0-9a-f]{12}", name) for name in names)
    assert "secret" not in desk.out.read_text()
    again = [row.split(",")[3] for row in desk.export("--anonymous")[1:]]
    assert set(again).isdisjoint(names), "another export, other hashes"


@pytest.mark.parametrize("stops_at", range(1, 6))
def test_a_killed_export_goes_on_and_asks_nothing_twice(
    past: Past, desk: Desk, stops_at: int
) -> None:
    past.job("long", *(NOW - 60 * n for n in range(1, 251)))
    past.job("short", NOW - 30)
    whole = desk.export()
    past.pages.clear()
    desk.out.unlink()

    with pytest.raises(Stopped):
        desk.export(stops_at=stops_at)
    assert not desk.out.exists()
    assert desk.export() == whole
    assert past.pages == [("long", 0), ("long", 100), ("long", 200), ("short", 0)]
    assert not desk.partial.exists()


def test_a_line_that_a_crash_has_torn_is_asked_for_again(past: Past, desk: Desk) -> None:
    past.job("long", *(NOW - 60 * n for n in range(1, 251)))
    whole = desk.export()
    for cut in range(10, 3000, 600):
        with pytest.raises(Stopped):
            desk.export(stops_at=3)
        kept = desk.partial.read_bytes()
        desk.partial.write_bytes(kept[:-cut])
        assert desk.export() == whole


def test_builds_that_come_while_pages_are_read_are_not_counted_twice(
    past: Past, desk: Desk
) -> None:
    past.job("busy", *(NOW - 60 * n for n in range(1, 151)))
    with pytest.raises(Stopped):
        desk.export(stops_at=3)
    newer = dict(past.builds["busy"][0], number=151, timestamp=(NOW + 10) * 1000)
    past.builds["busy"].insert(0, newer)
    assert len(desk.export()) == 1 + 150


def test_a_job_that_is_deleted_meanwhile_keeps_what_is_known(past: Past, desk: Desk) -> None:
    past.job("gone", *(NOW - 60 * n for n in range(1, 151)))
    with pytest.raises(Stopped):
        desk.export(stops_at=3)
    past.builds["gone"].clear()
    assert len(desk.export()) == 1 + 100


@pytest.mark.parametrize(
    "options", [("--days", "7"), ("--job", "api"), ("--anonymous",)], ids=lambda o: o[0]
)
def test_the_part_of_another_export_is_refused(
    past: Past, desk: Desk, options: tuple[str, ...]
) -> None:
    past.job("api", NOW - 60)
    with pytest.raises(Stopped):
        desk.export(stops_at=1)
    with pytest.raises(Refusal, match="is a part of another export"):
        desk.export(*options)
    assert len(desk.export()) == 1 + 1


def test_a_file_that_is_no_part_of_an_export_is_left_alone(desk: Desk) -> None:
    desk.partial.write_text('{"some": "thing"}\n')
    with pytest.raises(Surprise, match="cannot be gone on with"):
        desk.export()
    assert desk.partial.read_text() == '{"some": "thing"}\n'


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--days", "0"), "--days: 0: must be above 0"),
        (("--per-minute", "-1"), "--per-minute: -1: must be above 0"),
        (("--per-minute", "nan"), "--per-minute: nan: must be above 0"),
        (("--depth", "-1"), "--depth: -1"),
        (("--label", " "), "--label: must not be empty"),
        (("--rename", "linux"), "--rename: 'linux': must be LABEL=NAME"),
        (("--out", "/no/such/folder/x.csv"), "--out: /no/such/folder: must be a folder"),
        (("--out", "/"), "--out: /: must be a file, or nothing yet"),
        (("--jenkins", "http://["), "--jenkins: http://[: must be a URL with a host"),
        (("--jenkins", "http://me:pw@ci/"), "--jenkins: (not shown): must hold no user"),
        (("--token-file", "/no/such/file"), "/no/such/file: cannot be read"),
    ],
)
def test_an_option_that_cannot_be_is_refused(
    desk: Desk, options: tuple[str, ...], told: str
) -> None:
    with pytest.raises(Refusal, match=re.escape(told)):
        desk.export(*options)


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_the_zero_is_a_monday_at_midnight_within_the_week(at: int) -> None:
    zero = datetime.fromtimestamp(monday_before(at), UTC)
    assert (zero.weekday(), zero.hour, zero.minute, zero.second) == (0, 0, 0, 0)
    assert 0 <= at - zero.timestamp() < 7 * DAY


# --- The command, and the stand-in ---------------------------------------------------------------


@pytest.fixture
def signals() -> Iterator[None]:
    """The command takes signals; the tests give them back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def house() -> Iterator[House]:
    with open_house(NEW) as opened:
        yield opened


def test_what_a_stand_in_has_run_becomes_a_trace_that_the_simulator_reads(
    tmp_path: Path, house: House
) -> None:
    house.node("a", label="linux")
    house.standin.agent("a")
    house.job("free", label="linux", seconds=30)
    house.pipeline("pipe", label="linux", seconds=40)
    for name, _ in itertools.product(("free", "pipe"), range(2)):
        house.build(name)
        house.advance(60)
    desk = Desk(tmp_path, house.standin.url)
    desk.export("--label", "linux", now=house.standin.clock.now())

    jobs = read_csv(desk.out)
    assert [(job.name, job.seconds, job.label) for job in jobs] == [
        ("free", 30, "linux"),
        ("free", 30, "linux"),
        ("pipe", 40, "linux"),
        ("pipe", 40, "linux"),
    ]
    assert jobs[1].arrival - jobs[0].arrival == pytest.approx(60, abs=5)


@pytest.mark.usefixtures("signals")
def test_the_command_exports_and_says_what(
    past: Past, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    past.job("api", NOW - 60)
    assert main(["trace", *desk.words("--days", "100000")]) == 0
    assert "1 builds in" in capsys.readouterr().out
    assert len(read_csv(desk.out)) == 1


@pytest.mark.usefixtures("signals")
def test_the_command_says_what_is_wrong(
    past: Past, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", *desk.words("--days", "0")]) == REFUSED
    assert "--days" in capsys.readouterr().err
    assert main(["trace", *desk.words("--jenkins", "ci.example.com")]) == REFUSED
    assert "--jenkins: ci.example.com: must be a URL" in capsys.readouterr().err
    past.builds["odd"] = [{"number": 1, "timestamp": "yesterday"}]
    past.expressions["odd"] = ""
    assert main(["trace", *desk.words()]) == FAILED
    assert "makes no sense" in capsys.readouterr().err
