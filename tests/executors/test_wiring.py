"""From the settings to the executors, and every fault of every pool told at once."""

from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from workhorse import plugins, wiring
from workhorse.core.errors import Refusal
from workhorse.executors.shell import ShellExecutor
from workhorse.loops.ports import Executor
from workhorse.settings import parse
from workhorse.sim.world import World

SETTINGS = """
[jenkins]
url = "http://127.0.0.1:1/"
user = "bot"
token_file = "token"
[aws]
region = "eu-west-1"
[journal]
path = "{folder}/journal.jsonl"
"""
POOL = """
[[pool]]
name = "{name}"
labels = ["{name}"]
ceiling = 3
group = "{name}-agents"
"""
OURS = [
    EntryPoint("asg", "workhorse.executors.asg:Asg", plugins.EXECUTORS),
    EntryPoint("shell", "workhorse.executors.shell:Shell", plugins.EXECUTORS),
    EntryPoint("plain", f"{__name__}:Plain", plugins.EXECUTORS),
]


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "entry_points", lambda **by: EntryPoints(OURS).select(**by))


def executors(folder: Path, **pools: str) -> dict[str, Executor]:
    """By group, of pools by name with these lines."""
    written = "".join(POOL.format(name=name) + lines for name, lines in pools.items())
    settings = parse(SETTINGS.format(folder=folder) + written)
    found = settings.pools(lambda name: name)
    made = wiring._executors(settings, found, World([]).ports())
    assert all(group == pool.group for group, (pool, _) in made.items())
    return {group: executor for group, (_, executor) in made.items()}


def test_a_pool_is_sized_by_auto_scaling_where_nothing_else_is_said(tmp_path: Path) -> None:
    assert executors(tmp_path, linux="", windows='executor = "asg"') == {}


def test_each_pool_has_the_executor_that_its_settings_name(tmp_path: Path) -> None:
    found = executors(
        tmp_path,
        linux='executor = "shell"\nexecutor_options = {command = "scale {{ size }}"}',
        windows="",
    )
    assert list(found) == ["linux-agents"]
    assert isinstance(found["linux-agents"], ShellExecutor)


class Plain:
    """No dataclass."""


def test_the_faults_of_all_pools_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        executors(
            tmp_path,
            linux='executor = "shell"\nexecutor_options = {command = "scale {{ sise }}"}',
            windows='executor = "shell"\nexecutor_options = {comand = "true"}',
            mac='executor = "cloudformation"',
            arm='executor = "plain"',
            bsd='executor_options = {command = "true"}',
        )
    told = str(refused.value)
    assert "pool linux: executor_options.command: 'sise' is unknown here" in told
    assert "pool[1].executor_options.comand: is no option here (command, " in told
    assert 'pool[2].executor: "cloudformation": must be an entry point of workhorse.exec' in told
    assert 'pool[3].executor: "plain": must name a dataclass' in told
    assert "pool[4].executor_options.command: is no option here (it has none)" in told


def test_the_lock_lies_beside_the_journal(tmp_path: Path) -> None:
    option = 'executor = "shell"\nexecutor_options = {command = "true"}'
    (executor,) = executors(tmp_path, linux=option).values()
    assert isinstance(executor, ShellExecutor)
    assert executor._lock == tmp_path / "executor-linux.lock"
