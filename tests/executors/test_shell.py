"""The executor `shell`: when it runs its command, and what it says of it."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.executors.stage import GROUP, Scene, finish
from workhorse import plugins
from workhorse.adapters.lock import taken
from workhorse.core.errors import Refusal, Surprise, Unreadable
from workhorse.core.explain import explain
from workhorse.executors.shell import Shell, ShellExecutor
from workhorse.sim.line import Side

SAY = "echo {{ size }} {{ queued_size }} >> said"
ADD = "echo {{ delta }} >> said"
WAIT = "echo {{ size }} >> said; while [ ! -e go ]; do sleep 0.05; done"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_the_command_is_told_the_whole_size_and_what_the_queue_would_fill(scene: Scene) -> None:
    scene.resize(scene.shell(SAY), 3, 2)
    assert scene.lines() == ["3 2"]


def test_a_resize_returns_while_the_command_still_runs(scene: Scene) -> None:
    executor = scene.shell(WAIT)
    executor.resize(scene.pool, 3, 0)
    executor.poll()
    assert scene.records("command") == []
    (scene.folder / "go").touch()
    finish(executor)
    assert [r["code"] for r in scene.records("command")] == [0]


def test_the_end_of_a_command_is_journalled_with_what_it_was_told_and_said(scene: Scene) -> None:
    executor = scene.shell("echo asked for {{ size }}")
    executor.resize(scene.pool, 3, 2)
    finish(executor)
    (record,) = scene.records("command")
    assert {key: record[key] for key in record if key != "seconds"} == {
        "at": scene.world.clock.now(),
        "kind": "command",
        "pool": "linux",
        "size": 3,
        "queued_size": 2,
        "delta": 3,
        "code": 0,
        "expired": False,
        "output": ["asked for 3"],
    }
    assert scene.records("failed") == []


def test_a_command_whose_begin_cannot_be_journalled_is_not_begun(scene: Scene) -> None:
    executor = scene.shell(SAY)
    scene.world.line.out_of_reach.add(Side.JOURNAL)
    with pytest.raises(Surprise, match="journal does not answer"):
        executor.resize(scene.pool, 3, 0)
    finish(executor)
    assert scene.lines() == []
    scene.world.line.calm()
    scene.resize(executor, 3)
    (record,) = scene.records("asked:linux")
    assert (record["before"], record["size"]) == (0, 3)


def test_an_end_that_cannot_be_journalled_does_not_end_the_loops(scene: Scene) -> None:
    executor = scene.shell(SAY)
    executor.resize(scene.pool, 3, 0)
    scene.world.line.out_of_reach.add(Side.JOURNAL)
    finish(executor)
    assert scene.records("command") == []


def test_the_same_size_again_is_no_second_command_while_the_first_runs(scene: Scene) -> None:
    executor = scene.shell(WAIT)
    for _ in range(3):
        executor.resize(scene.pool, 3, 0)
    (scene.folder / "go").touch()
    finish(executor)
    assert scene.lines() == ["3"]


def test_another_size_is_refused_while_a_command_runs_and_the_newest_is_made_after_it(
    scene: Scene,
) -> None:
    executor = scene.shell(WAIT)
    executor.resize(scene.pool, 3, 0)
    for size in (4, 5):
        with pytest.raises(Surprise, match="the command of pool linux for size 3 still runs"):
            executor.resize(scene.pool, size, 0)
    (scene.folder / "go").touch()
    finish(executor)
    assert scene.lines() == ["3"], "no wish is kept"
    scene.resize(executor, 6)
    assert scene.lines() == ["3", "6"]


def test_a_failure_is_journalled_and_the_next_wish_runs_the_command_again(scene: Scene) -> None:
    executor = scene.shell(f"{SAY}; echo no plan >&2; exit 4")
    scene.resize(executor, 3)
    scene.resize(executor, 3)
    assert scene.lines() == ["3 0", "3 0"]
    assert [r["code"] for r in scene.records("command")] == [4, 4]
    told = list(explain(scene.records("failed")))
    assert told[0].endswith(
        "SetDesiredCapacity failed: the command of pool linux for size 3 ended with 4: no plan"
    )


def test_a_command_out_of_time_is_journalled_as_such(scene: Scene) -> None:
    scene.resize(scene.shell("sleep 600", timeout_seconds=0.2), 3)
    (record,) = scene.records("command")
    assert record["expired"]
    (failed,) = scene.records("failed")
    assert "ran out of time" in failed["error"]


def test_a_size_that_the_group_has_already_runs_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path, desired=3)
    scene.resize(scene.shell(SAY), 3)
    assert scene.lines() == []


def test_a_declarative_command_runs_as_often_as_the_world_differs(scene: Scene) -> None:
    executor = scene.shell(SAY)
    scene.resize(executor, 3)
    scene.resize(executor, 3)
    scene.world.cloud.set_desired(GROUP, 3)
    scene.resize(executor, 3)
    scene.world.cloud.set_desired(GROUP, 2)
    scene.resize(executor, 3)
    assert scene.lines() == ["3 0", "3 0", "3 0"]


def test_a_command_that_adds_is_told_each_difference_once(scene: Scene) -> None:
    executor = scene.shell(ADD, declarative=False)
    scene.resize(executor, 3)
    scene.resize(executor, 3)
    scene.resize(executor, 4)
    scene.world.cloud.set_desired(GROUP, 4)
    scene.resize(executor, 6)
    assert scene.lines() == ["3", "1", "2"]


def test_a_difference_whose_command_failed_is_told_again(scene: Scene) -> None:
    executor = scene.shell(f"{ADD}; exit 1", declarative=False)
    scene.resize(executor, 3)
    scene.resize(executor, 3)
    assert scene.lines() == ["3", "3"]


def test_a_difference_that_never_shows_is_told_again_after_the_boot_time(scene: Scene) -> None:
    executor = scene.shell(ADD, declarative=False)
    scene.resize(executor, 3)
    scene.world.run(scene.pool.policy.boot_seconds - 1)
    scene.resize(executor, 3)
    scene.world.run(1)
    scene.resize(executor, 3)
    assert scene.lines() == ["3", "3"]


def test_a_difference_is_not_told_again_by_the_controller_that_starts_next(scene: Scene) -> None:
    scene.resize(scene.shell(ADD, declarative=False), 3)
    scene.resize(scene.shell(ADD, declarative=False), 3)
    scene.resize(scene.shell(ADD, declarative=False), 5)
    assert scene.lines() == ["3", "2"]


def test_launches_may_be_called_off_and_instances_may_not(tmp_path: Path) -> None:
    scene = Scene(tmp_path, desired=2)
    scene.world.cloud.set_desired(GROUP, 4)
    members = scene.group.members
    executor = scene.shell(SAY)
    with pytest.raises(Surprise, match=f"must not be lowered below the {members} instances"):
        executor.resize(scene.pool, members - 1, 0)
    assert scene.lines() == []


def test_without_a_hook_a_command_never_lowers(tmp_path: Path) -> None:
    scene = Scene(tmp_path, hook=False)
    full(scene, 4)
    executor = scene.shell(SAY)
    with pytest.raises(Surprise, match="no termination hook would wait for builds"):
        executor.resize(scene.pool, 1, 0)


def test_with_a_hook_a_command_calls_off_what_was_not_launched(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    full(scene, 4)
    scene.resize(scene.shell(SAY), 1)
    assert scene.lines() == ["1 0"]


def full(scene: Scene, size: int) -> None:
    """AWS has no capacity: the launches of that size do not begin."""
    scene.world.cloud.no_capacity = True
    scene.world.cloud.set_desired(GROUP, size)
    assert scene.group.members == 0


def test_an_unreadable_group_begins_no_command(scene: Scene) -> None:
    executor = scene.shell(SAY)
    scene.world.line.out_of_reach.add(Side.AUTO_SCALING)
    with pytest.raises(Unreadable):
        executor.resize(scene.pool, 3, 0)
    assert scene.lines() == []


def test_a_group_that_is_not_there_is_a_surprise(scene: Scene) -> None:
    executor = scene.shell(SAY)
    scene.world.cloud.groups.clear()
    with pytest.raises(Surprise, match="no group 'linux-agents'"):
        executor.resize(scene.pool, 3, 0)


def test_two_controllers_run_one_command_at_a_time(scene: Scene) -> None:
    first, second = scene.shell(WAIT), scene.shell(WAIT)
    first.resize(scene.pool, 3, 0)
    with pytest.raises(Surprise, match="another controller began for pool linux still runs"):
        second.resize(scene.pool, 4, 0)
    (scene.folder / "go").touch()
    finish(first)
    scene.resize(second, 4)
    assert scene.lines() == ["3", "4"]


def test_a_lock_that_cannot_be_made_is_a_surprise(scene: Scene) -> None:
    (scene.folder / "executor-linux.lock").mkdir()
    with pytest.raises(Surprise, match="cannot be made"):
        scene.shell(SAY).resize(scene.pool, 3, 0)


def test_the_lock_is_free_when_a_command_could_not_be_begun(scene: Scene) -> None:
    cwd = scene.folder / "gone"
    cwd.mkdir()
    executor = scene.shell(ADD, declarative=False, cwd=str(cwd))
    cwd.rmdir()
    with pytest.raises(Surprise, match="cannot be begun"):
        executor.resize(scene.pool, 3, 0)
    lock = taken(scene.folder / "executor-linux.lock")
    assert lock is not None
    cwd.mkdir()
    os.close(lock)
    scene.resize(executor, 3)
    assert (cwd / "said").read_text() == "3\n", "what was not begun was not asked either"


def test_the_controllers_end_waits_for_the_command(scene: Scene) -> None:
    executor = scene.shell("sleep 0.3; echo done >> said")
    executor.resize(scene.pool, 3, 0)
    executor.close()
    assert scene.lines() == ["done"]
    assert len(scene.records("command")) == 1
    executor.close()


def test_the_command_is_given_aws_and_its_path_and_no_secret(scene: Scene) -> None:
    scene.resize(scene.shell("/usr/bin/env > said"), 3)
    assert {line.partition("=")[0] for line in scene.lines()} == {"PATH", "AWS_REGION", "PWD"}
    scene.resize(scene.shell("/usr/bin/env > said", environment=("SECRET",)), 3)
    assert "SECRET=s3cret" in scene.lines()


def test_a_variable_that_is_not_there_to_be_passed_on_is_refused(scene: Scene) -> None:
    with pytest.raises(Refusal, match=r"pool linux: executor_options\.environment: 'HTTPS_PROXY'"):
        scene.shell(SAY, environment=("HTTPS_PROXY",))


def test_delta_is_unknown_to_a_declarative_command_for_it_may_run_again(scene: Scene) -> None:
    with pytest.raises(Refusal, match="'delta' is unknown here"):
        scene.shell(ADD)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"timeout_seconds": 0}, "timeout_seconds: 0: must be above 0"),
        ({"cwd": "/no/such"}, "cwd: '/no/such': must be a folder"),
        ({"comand": "true"}, "executor_options.comand: is no option here"),
        ({"declarative": "yes"}, "executor_options.declarative"),
        ({"command": 3}, "executor_options.command"),
    ],
)
def test_an_option_that_cannot_be_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], told: str
) -> None:
    monkeypatch.setattr(plugins, "_loaded", lambda *_: Shell)
    with pytest.raises(Refusal, match=told):
        plugins.made(plugins.EXECUTORS, "shell", {"command": "true"} | options, key="executor")


def test_options_of_a_settings_file_make_the_executor(
    monkeypatch: pytest.MonkeyPatch, scene: Scene
) -> None:
    monkeypatch.setattr(plugins, "_loaded", lambda *_: Shell)
    options = {"command": SAY, "timeout_seconds": 60, "environment": ["SECRET"]}
    kind = plugins.made(plugins.EXECUTORS, "shell", options, key="executor")
    assert kind == Shell(command=SAY, timeout_seconds=60, environment=("SECRET",))
    assert isinstance(kind.executor(scene.pool, scene.outside), ShellExecutor)
