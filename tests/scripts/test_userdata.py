"""What user data tells an agent: the image and the embedded agent read the same texts alike."""

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.agent import userdata
from workhorse.local.agent import metadata

WHOLE = """#!/bin/sh
# an agent of the pool linux
JENKINS_URL=http://jenkins.example/ci
JENKINS_USER=agents
JENKINS_TOKEN_PARAMETER=/workhorse/token   # names the secret
AGENT_LABELS="linux docker"
"""
CANARY = "AGENT_LABELS=workhorse-canary-linux\nAGENT_MODE=EXCLUSIVE\n"

TEXTS = {
    "whole": WHOLE,
    "canary": WHOLE + CANARY,
    "canary without the last line's end": WHOLE.rstrip() + "\n" + CANARY.rstrip(),
    "carriage returns": WHOLE.replace("\n", "\r\n"),
    "other lines": WHOLE + "export FOO=1\n=x\nnot a line\n1A=2\n\n",
    "all said": WHOLE
    + "AGENT_EXECUTORS=4\nAGENT_DIRECTORY=/mnt/agent\nAGENT_MODE=NORMAL\nAWS_REGION=eu-west-1",
    "slash at the end": WHOLE + "JENKINS_URL=https://jenkins.example/\n",
    "spaces": WHOLE + "  AGENT_LABELS='a  b'   c  \n",
    "unset": WHOLE + "AGENT_LABELS=\n",
    "empty": "",
    "no number": WHOLE + "AGENT_EXECUTORS=two\n",
    "open quote": WHOLE + 'AGENT_LABELS="a\n',
}

FIELDS = (
    "jenkins_url",
    "jenkins_user",
    "token_parameter",
    "labels",
    "executors",
    "remote_directory",
    "exclusive",
    "region",
)


def read(module: ModuleType, text: str) -> object:
    """What a reader makes of a text; a fault is what it says, so far as both word it."""
    try:
        told = module.configuration(text)
    except ValueError as error:
        return str(error)
    return {name: getattr(told, name) for name in FIELDS}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_both_readers_of_user_data_agree(text: str) -> None:
    assert read(userdata, text) == read(metadata, text)


NAMES = st.sampled_from([*userdata.REQUIRED, *userdata.DEFAULTS, "OTHER"])
VALUES = st.text(st.sampled_from("ab1 /\"'#\\$=:-"), max_size=12)
LINES = st.lists(st.builds("{}={}".format, NAMES, VALUES), max_size=12)


@given(lines=LINES)
def test_both_readers_agree_on_whatever_people_write(lines: list[str]) -> None:
    text = WHOLE + "\n".join(lines)
    assert read(userdata, text) == read(metadata, text)


def test_the_last_assignment_of_a_name_counts() -> None:
    told = userdata.configuration(WHOLE + CANARY)
    assert (told.labels, told.exclusive) == ("workhorse-canary-linux", True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("JENKINS_URL=jenkins.example", "JENKINS_URL"),
        ("JENKINS_URL='http://j/a b'", "JENKINS_URL"),
        ("AGENT_DIRECTORY=agent", "AGENT_DIRECTORY"),
        ("AGENT_DIRECTORY='/a b'", "AGENT_DIRECTORY"),
        ("AGENT_EXECUTORS=0", "AGENT_EXECUTORS"),
        ("AGENT_EXECUTORS=-1", "AGENT_EXECUTORS"),
    ],
)
def test_what_jenkins_or_a_shell_would_misread_is_refused_by_name(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said} is .*; legal: "):
        userdata.check(userdata.configuration(f"{WHOLE}{line}\n"))


def test_what_the_module_documents_is_accepted() -> None:
    userdata.check(userdata.configuration(WHOLE))
