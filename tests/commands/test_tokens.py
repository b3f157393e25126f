"""The command of registration tokens, against the embedded AWS."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.contracts.real_world import Aws, aws_started
from workhorse.adapters.token_store import SsmTokens
from workhorse.commands.tokens import COMMANDS
from workhorse.core.errors import Refusal, Surprise

PARAMETER = "/workhorse/tokens"
SETTINGS = """
[jenkins]
url = "http://127.0.0.1:1/"
user = "workhorse"
token_file = "token"
[aws]
region = "us-east-1"
endpoint = "{endpoint}"
[loop]
clock = "{clock}"
[journal]
path = "journal.jsonl"
[gateway]
{gateway}
[[pool]]
name = "linux"
labels = ["linux"]
ceiling = 5
group = "linux-agents"
"""


@dataclass
class Desk:
    """The command, with what it printed."""

    aws: Aws
    config: Path
    lines: list[str] = field(default_factory=list)

    def run(self, *words: str) -> list[str]:
        """What it prints."""
        parser = argparse.ArgumentParser()
        (command,) = COMMANDS
        command.add_options(parser)
        self.lines.clear()
        told = parser.parse_args(["--config", str(self.config), *words])
        assert command.run(told, self.lines.append) == 0
        return list(self.lines)

    def settle(self, gateway: str = f'tokens_parameter = "{PARAMETER}"') -> None:
        """Write the settings, at the time that it is in AWS."""
        endpoint, clock = self.aws.embedded.endpoint, f"{self.aws.now()}:{self.aws.now()}:0.000001"
        self.config.write_text(SETTINGS.format(endpoint=endpoint, clock=clock, gateway=gateway))


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with aws_started() as made:
        yield made


@pytest.fixture
def desk(aws: Aws, tmp_path: Path) -> Desk:
    made = Desk(aws, tmp_path / "workhorse.toml")
    made.settle()
    aws.clients.ssm.delete_parameters(Names=[PARAMETER])
    return made


def test_a_new_token_is_printed_once_and_only_its_hash_is_kept(desk: Desk) -> None:
    (token,) = desk.run("new", "--pool", "linux")

    kept = desk.aws.clients.ssm.get_parameter(Name=PARAMETER, WithDecryption=True)["Parameter"]
    assert kept["Type"] == "SecureString"
    assert token.split("_", 2)[2] not in kept["Value"]
    (line,) = desk.run("list")
    assert line.startswith(f"{token.split('_')[1]}  pool linux, since ")
    assert "for ever" in line
    assert token not in line


def test_several_are_good_at_once_until_one_is_revoked(desk: Desk) -> None:
    first, second = (desk.run("new", "--pool", "linux")[0] for _ in range(2))

    desk.run("revoke", first.split("_")[1])

    records = SsmTokens(desk.aws.clients, PARAMETER).book().records
    assert [record.id for record in records] == [second.split("_")[1]]


def test_a_token_of_some_days_says_until_when(desk: Desk) -> None:
    desk.run("new", "--pool", "linux", "--days", "30")

    (record,) = SsmTokens(desk.aws.clients, PARAMETER).book().records
    assert record.not_after is not None
    assert record.not_after - record.created_at == 30 * 86_400
    assert "until " in desk.run("list")[0]


def test_without_any_it_says_so(desk: Desk) -> None:
    assert desk.run("list") == ["no tokens"]


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("new", "--pool", "windows"), "--pool: 'windows': must be one of linux"),
        (("new", "--pool", "linux", "--days", "0"), "--days: 0: must be above 0"),
        (("new", "--pool", "linux", "--days", "nan"), "--days: nan: must be above 0"),
        (("new", "--pool", "linux", "--days", "36501"), "must be above 0 and at most 36500"),
        (("revoke", "0a0a0a0a"), "token revoke: '0a0a0a0a': must be the id of a token"),
    ],
)
def test_what_cannot_be_is_refused_by_name(desk: Desk, words: tuple[str, ...], rule: str) -> None:
    with pytest.raises(Refusal, match=rule):
        desk.run(*words)


def test_settings_without_a_place_for_tokens_are_refused(desk: Desk) -> None:
    desk.settle("")

    with pytest.raises(Refusal, match=r"gateway\.tokens_parameter"):
        desk.run("list")


def test_a_parameter_that_holds_something_else_is_left_as_it_is(desk: Desk) -> None:
    ssm = desk.aws.clients.ssm
    ssm.put_parameter(Name=PARAMETER, Value="canary", Type="SecureString", Overwrite=True)

    with pytest.raises(Surprise) as wrong:
        desk.run("new", "--pool", "linux")
    assert "canary" not in str(wrong.value)
    assert ssm.get_parameter(Name=PARAMETER, WithDecryption=True)["Parameter"]["Value"] == "canary"
