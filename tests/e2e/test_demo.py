"""The demo from end to end: the real Terraform, the real program, real processes; no build dies."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workhorse.adapters.journal import records
from workhorse.core.explain import explain

ROOT = Path(__file__).parents[2]
SHORT = ("--start", "1100.5", "--hours", "0.3", "--speed", "60")
"""The end of the trace: builds come for eight minutes and are over after twelve."""
PATIENCE_SECONDS = 540


def start(runs: Path, *options: str) -> "subprocess.Popen[str]":
    """A demo in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "workhorse.local.demo", "--runs", str(runs), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ours(runs: Path) -> list[str]:
    """Command lines of live processes that name the folder of the run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(runs) in line:
            found.append(line)
    return found


def left(runs: Path) -> list[str]:
    """Those that are not gone within a minute: one that was killed may be seen for a moment yet."""
    deadline, rest = time.monotonic() + 60, threading.Event()
    while (found := ours(runs)) and time.monotonic() < deadline:
        rest.wait(0.1)
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """What a short demo printed, and its folder."""
    runs = tmp_path_factory.mktemp("runs")
    process = start(runs, *SHORT)
    printed, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, printed
    yield printed, runs / "demo-1"
    assert left(runs) == []


@pytest.fixture(scope="module")
def report(run: tuple[str, Path]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run[1] / "report.json").read_text())
    return found


def test_no_build_is_killed_no_hook_is_lost_and_nothing_is_left(report: dict[str, Any]) -> None:
    assert report["clean"]
    assert report["run"] == report["asked"] > 0
    assert (report["killed"], report["unfinished"], report["hooks"]["lost"]) == ([], [], [])
    assert report["remains"] == {"nodes": [], "instances": [], "others": []}


def test_the_pool_grew_and_shrank_by_hooks(report: dict[str, Any]) -> None:
    assert report["peak"] > 1
    assert report["scale_ups"]
    assert report["hooks"]["received"] == report["hooks"]["completed"] >= report["instances"] > 0


def test_outsiders_had_their_way(report: dict[str, Any]) -> None:
    assert report["deeds"]["operator terminates a busy agent"] >= 1
    assert report["deeds"]["controller killed in mid-drain"] == 1


def test_every_agent_came_by_the_gateway_and_those_that_were_forgotten_came_back(
    report: dict[str, Any],
) -> None:
    joining = report["joining"]
    assert 0 < joining["agents"] <= report["instances"]
    assert (joining["strangers"], joining["exposed"], joining["lost"]) == ([], [], [])
    assert len(joining["forgotten"]) == report["deeds"]["node of an agent deleted by hand"] > 0
    assert joining["requests"] >= 2 * joining["agents"]


def test_a_scale_in_and_a_scale_out_handed_a_warm_volume_on(
    run: tuple[str, Path], report: dict[str, Any]
) -> None:
    caches = report["caches"]
    first = caches["reused"][0]
    assert first["first"] != first["second"]
    told = f"{first['volume']} was left by {first['first']}, scaled in"
    assert told in run[0]
    assert caches["claims"] == caches["hits"] + caches["misses"] <= report["instances"]


def test_what_is_printed_ends_with_the_verdict(run: tuple[str, Path]) -> None:
    assert run[0].rstrip().splitlines()[-1].startswith("verdict")
    assert "clean: no build was killed" in run[0]


def test_the_journal_explains_every_change_of_desired_capacity(run: tuple[str, Path]) -> None:
    """Each size the group read at has, before it, who asked for it and why."""
    journal = tuple(records(run[1] / "journal.jsonl"))
    asked: set[str] = set()
    changes = [record for record in journal if record["kind"] == "desired"]
    for record in journal:
        if record.get("effect") == "SetDesiredCapacity":
            assert record["because"].startswith(record["group"].removeprefix("workhorse-"))
            asked.add(record["group"].removeprefix("workhorse-"))
        if record["kind"] == "drain" and record["after"] == "LEAVING":
            asked.add(record["pool"])
        if record["kind"] == "desired" and record["because"] == "as we asked":
            assert record["pool"] in asked, record

    assert len(changes) > 1
    lines = list(explain(journal))

    assert any("desired 0 -> " in line and "need: 0 -> " in line for line in lines)
    assert any("changed by another hand than ours" in line for line in lines)


def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    process = start(tmp_path, *SHORT)
    assert process.stdout is not None
    for line in process.stdout:
        if "replaying" in line:
            break

    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode != 0
    assert left(tmp_path) == []
