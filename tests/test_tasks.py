"""The tasks: how their options become words, and how they end with the programs they start."""

import copy
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from invoke.exceptions import Exit

import tasks
from scripts import checks, forwarding, sources

PATIENCE_SECONDS = 60


def test_options_become_words_and_empty_ones_are_left_out() -> None:
    given = forwarding.options(token_file="f", hours="", keep=True, once=False, fleet=())

    assert given == ["--token-file=f", "--keep"]


def test_an_option_given_again_is_a_word_each_time() -> None:
    given = forwarding.options(policy=["exact", "poll"], days="7")

    assert given == ["--policy=exact", "--policy=poll", "--days=7"]


def test_a_failing_program_ends_the_tasks_with_its_status() -> None:
    with pytest.raises(Exit) as ended:
        forwarding.run_python("-c", "raise SystemExit(7)")

    assert ended.value.code == 7


def test_a_killed_program_is_told_apart_as_a_shell_would() -> None:
    with pytest.raises(Exit) as ended:
        forwarding.run_python("-c", "import os; os.kill(os.getpid(), 9)")

    assert ended.value.code == 128 + signal.SIGKILL


CHILD = """
import os, signal, sys
def stop(number, frame):
    raise SystemExit
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
try:
    os.write(1, b"ready\\n")
    while True:
        signal.pause()
except SystemExit:
    os.write(1, b"cleaned up\\n")
    sys.exit(5)
"""

PARENT = f"""
import sys
from scripts import forwarding
try:
    forwarding.run_python("-c", {CHILD!r})
except forwarding.Exit as ended:
    sys.exit(ended.code)
"""


@pytest.mark.parametrize(
    ("number", "to_the_group"),
    [(signal.SIGTERM, False), (signal.SIGINT, True)],
    ids=["a supervisor's SIGTERM", "Ctrl-C, which the terminal sends to both"],
)
def test_a_task_that_is_stopped_waits_until_its_program_has_cleaned_up(
    number: signal.Signals, *, to_the_group: bool
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=sources.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as task:
        assert task.stdout is not None
        assert task.stdout.readline() == "ready\n"
        send = os.killpg if to_the_group else os.kill
        send(task.pid, number)

        said, _ = task.communicate(timeout=PATIENCE_SECONDS)

    assert said == "cleaned up\n"
    assert task.returncode == 5


def test_every_check_is_run_and_the_failed_ones_are_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    python = sys.executable
    given = {
        "first": (python, "-c", "raise SystemExit(1)"),
        "second": (python, "-c", "print('second ran')"),
    }
    monkeypatch.setattr(checks, "commands", lambda _root: given)
    monkeypatch.setattr(checks, "terraform_format", lambda _root: (python, "-c", "1/0"))

    monkeypatch.setattr(checks, "PYTHON", (python, "-c", "", "and so nothing is prepared"))

    assert checks.run_all() == ["first", "terraform format"]
    assert "second ran" in capfd.readouterr().out


def test_without_tools_the_checks_that_need_none_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "commands", lambda _root: {"a": (sys.executable, "-c", "1/0")})
    monkeypatch.setattr(checks, "PYTHON", (sys.executable, "-c", "raise SystemExit(1)"))

    assert checks.run_all() == ["a", "tools"]


def test_shell_files_are_known_by_their_first_line(tmp_path: Path) -> None:
    for name, text in {
        "run": "#!/bin/sh\n",
        "other": "#!/usr/bin/env bash\n",
        "boot.sh": "",
        "tool": "#!/usr/bin/env python3\n",
        "notes": "sh\n",
        ".venv/bin/activate": "#!/bin/sh\n",
        ".ci/run": "#!/bin/bash\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    found = {str(path.relative_to(tmp_path)) for path in sources.shell(tmp_path)}
    assert found == {"run", "other", "boot.sh", ".ci/run"}


@pytest.mark.parametrize(("task", "name"), [("simulate", "policy"), ("compare", "trace")])
def test_an_option_that_may_be_given_again_gathers_its_values(task: str, name: str) -> None:
    own = copy.deepcopy(tasks.ns[task])  # whoever asks a task for its arguments takes its help away
    (argument,) = [each for each in own.get_arguments() if each.name == name]

    argument.value = "a"
    argument.value = "b"

    assert argument.value == ["a", "b"]
