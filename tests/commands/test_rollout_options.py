"""The options of the commands of rollouts: as documented, as the tasks have them, and refused."""

import argparse
import re
from pathlib import Path

import pytest
from invoke.tasks import Task

from scripts import rolling
from scripts.sources import ROOT
from tests.docs import prose
from workhorse.__main__ import FAILED, REFUSED, main, parser
from workhorse.commands.rollouts import COMMANDS

PAGE = (ROOT / "docs" / "rollouts.md").read_text()
DOCUMENTED = [words[1:] for words in prose.commands(PAGE) if words[1] in {"rollout", "rollback"}]
SETTINGS = """
[jenkins]
url = "https://jenkins.example.com/"
user = "workhorse"
token_file = "token"
[aws]
region = "eu-west-1"
endpoint = "http://127.0.0.1:9"
[journal]
path = "journal.jsonl"
[[pool]]
name = "linux"
labels = ["linux"]
ceiling = 3
group = "workhorse-linux"
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "workhorse.toml"
    path.write_text(SETTINGS)
    return str(path)


@pytest.mark.parametrize("words", DOCUMENTED, ids=" ".join)
def test_every_command_of_the_page_is_understood(words: list[str]) -> None:
    assert parser().parse_args(words).command == words[0]


def test_the_page_shows_both_commands() -> None:
    assert {words[0] for words in DOCUMENTED} == {"rollout", "rollback"}


@pytest.mark.parametrize("task", rolling.TASKS, ids=lambda task: task.name)
def test_a_task_has_the_options_of_its_command(task: Task) -> None:
    (command,) = (each for each in COMMANDS if each.name == task.name)
    asked = argparse.ArgumentParser(add_help=False)
    command.add_options(asked)

    assert {f"--{option}" for option in task.help} == set(
        re.findall(r"--[a-z-]+", asked.format_usage())
    )


@pytest.mark.parametrize(
    "words",
    [
        ["rollout", "--watch", "--halt"],
        ["rollout", "--version", "3", "--image", "ami-1"],
        ["rollback", "--strategy", "drain"],
        ["rollout", "--strategy", "hope"],
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused(
    words: list[str], config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([words[0], "--config", config, "--pool", "linux", *words[1:]])

    assert ended.value.code == REFUSED
    assert "usage: workhorse" in capsys.readouterr().err


def test_json_is_of_the_status_only(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "--config", config, "--pool", "linux", "--json"]) == REFUSED
    assert capsys.readouterr().err == "--json: goes with --status only\n"


def test_a_pool_that_is_none_and_a_store_that_is_none_are_told_at_once(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rollout", "--config", config, "--pool", "macos"]) == REFUSED
    assert capsys.readouterr().err.splitlines() == [
        "--pool: macos: must be the name of a pool (linux)",
        "store.prefix: (empty): rollouts are ordered below it, as /workhorse",
    ]


def test_an_aws_that_does_not_answer_is_told_as_that(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(config).write_text(SETTINGS + '[store]\nprefix = "/workhorse"\n')

    assert main(["rollout", "--config", config, "--pool", "linux", "--status"]) == FAILED
    assert "GetParameters /workhorse/pools/linux/rollout/order" in capsys.readouterr().err
