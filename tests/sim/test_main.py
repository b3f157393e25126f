"""`python -m workhorse.sim` tells what it refuses in a line, and ends with 2."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scripts import sources
from workhorse.core.errors import Surprise
from workhorse.sim import cache
from workhorse.sim.__main__ import EXTRA, main

WRONG = {
    "chaos --scenarios 0": "--scenarios: 0: must be at least 1",
    "chaos --scenarios 1 --processes 0": "--processes: 0: must be at least 1",
    "chaos --seed -1": "--seed: -1: must be 0 or more",
    "chaos --save nowhere": "--save: nowhere: must be a folder",
    "chaos --plan nowhere": "nowhere is no fault plan: [Errno 2]",
    "cache --trace nowhere": "trace nowhere: cannot be read: [Errno 2]",
    "simulate --trace nowhere": "trace nowhere: cannot be read: [Errno 2]",
    "compare --trace nowhere": "trace nowhere: cannot be read: [Errno 2]",
    "tune --trace nowhere": "trace nowhere: cannot be read: [Errno 2]",
    "generate --out week.csv --set days": "--set 'days': must be KEY=VALUE",
    "generate --out week.csv --days nan": "workload: days nan: must be above 0",
    "simulate --trace nowhere --boot nan": "boot: median_seconds nan: must be above 0",
    "simulate --trace nowhere --boot 60:inf": "boot: p99_seconds inf: must be above the median",
    "simulate --trace nowhere --fleet react_seconds=NaN": "fleet: react_seconds nan: must be 0",
    "simulate --trace nowhere --fleet heartbeat_seconds=NaN": "fleet: heartbeat_seconds nan: must",
    "cache --trace nowhere --volumes 3 --volumes -1": "--volumes: -1: must be 0 or more",
    "tune --trace nowhere --wait-limit nan": "wait limit nan: must be at least 0 seconds",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_refused_is_told_in_a_line(
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(words.split()) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert line.startswith(WRONG[words])


@pytest.mark.parametrize("words", ["simulate --bound", "compare --wait"])
@pytest.mark.parametrize("wait", ["nan", "inf", "-1", "x"])
def test_a_wait_is_a_number_of_seconds(
    words: str, wait: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words.split(), wait, "--trace", "nowhere"])

    assert ended.value.code == 2
    assert f"{wait}: must be 0 or more seconds" in capsys.readouterr().err


@pytest.mark.parametrize(("wrong", "code"), [(Surprise("no"), 1), (KeyboardInterrupt(), 130)])
def test_what_fails_or_is_interrupted_ends_with_its_status(
    wrong: BaseException, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> int:
        raise wrong

    monkeypatch.setattr(cache, "main", fails)

    assert main(["cache"]) == code


def test_the_extra_is_what_the_project_says() -> None:
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["project"]

    assert [each.split("==")[0] for each in project["optional-dependencies"]["sim"]] == [*EXTRA]


@pytest.mark.parametrize("command", ["compare", "simulate --bound 60"])
def test_without_the_extra_its_packages_are_asked_for(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`compare` asks before it plays anything; `simulate` needs it for its bound alone."""
    trace = tmp_path / "trace.csv"
    trace.write_text("arrival_s,duration_s,label\n0,60,linux\n")
    for name in [name for name in sys.modules if name.startswith("workhorse.sim.bound")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setitem(sys.modules, "scipy", None)

    assert main([*command.split(), "--trace", str(trace), "--out", str(tmp_path)]) == 2
    assert "pip install 'workhorse[sim]'" in capsys.readouterr().err


@pytest.mark.parametrize(("output", "told"), [("/dev/full", "No space left on device\n"), ("", "")])
def test_output_that_nobody_takes_ends_a_command_without_a_traceback(
    output: str, told: str, tmp_path: Path
) -> None:
    """No output named is a pipe whose reader has gone, as that of `| head -1`."""
    if output:
        written = os.open(output, os.O_WRONLY)
    else:
        reading, written = os.pipe()
        os.close(reading)
    words = ("generate", "--days", "1", "--out", str(tmp_path / "week.csv"))
    done = subprocess.run(
        [sys.executable, "-m", "workhorse.sim", *words],
        stdout=written,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={},
    )
    os.close(written)

    assert (done.returncode, done.stderr.partition("] ")[2]) == (1, told)
    assert "Traceback" not in done.stderr
