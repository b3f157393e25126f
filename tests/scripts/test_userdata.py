"""What user data tells an agent: the image and the embedded agent read the same texts alike."""

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.agent import userdata
from workhorse.local.agent import metadata

WHOLE = """#!/bin/sh
# an agent of the pool linux
GATEWAY_URL=https://gateway.example:8443
GATEWAY_AUDIENCE=gateway.example
AWS_REGION=eu-west-1
"""
TOKEN = WHOLE + "AGENT_WAY=token\nAGENT_TOKEN_PARAMETER=/workhorse/token   # names the secret\n"
SWARM = """AGENT_WAY=swarm
JENKINS_URL=http://jenkins.example/ci
JENKINS_USER=agents
JENKINS_TOKEN_PARAMETER=/workhorse/token
AGENT_LABELS="linux docker"
AWS_REGION=eu-west-1
"""
CANARY = "AGENT_LABELS=workhorse-canary-linux\nAGENT_MODE=EXCLUSIVE\n"

TEXTS = {
    "gateway": WHOLE,
    "token": TOKEN,
    "swarm": SWARM,
    "canary": SWARM + CANARY,
    "canary without the last line's end": SWARM.rstrip() + "\n" + CANARY.rstrip(),
    "carriage returns": WHOLE.replace("\n", "\r\n"),
    "other lines": WHOLE + "export FOO=1\n=x\nnot a line\n1A=2\n\n",
    "all said": SWARM + "AGENT_EXECUTORS=4\nAGENT_DIRECTORY=/mnt/agent\nAGENT_MODE=NORMAL",
    "slash at the end": WHOLE + "GATEWAY_URL=https://gateway.example/\n",
    "spaces": SWARM + "  AGENT_LABELS='a  b'   c  \n",
    "unset": WHOLE + "GATEWAY_URL=\n",
    "no audience": "GATEWAY_URL=http://g\n",
    "no such way": WHOLE + "AGENT_WAY=ssh\n",
    "a token's place is missing": WHOLE + "AGENT_WAY=token\n",
    "empty": "",
    "no number": SWARM + "AGENT_EXECUTORS=two\n",
    "open quote": WHOLE + 'AGENT_LABELS="a\n',
}

FIELDS = {
    "way": "way",
    "gateway_url": "gateway_url",
    "gateway_audience": "audience",
    "region": "region",
    "token_parameter": "token_parameter",
    "jenkins_url": "jenkins_url",
    "jenkins_user": "jenkins_user",
    "jenkins_token_parameter": "jenkins_token_parameter",
    "labels": "labels",
    "executors": "executors",
    "directory": "directory",
    "exclusive": "exclusive",
}
"""How the image's reader and the embedded one call the same."""


def read(module: ModuleType, text: str) -> object:
    """What a reader makes of a text; a fault is what it says, so far as both word it."""
    try:
        told = module.configuration(text)
    except ValueError as error:
        return str(error)
    names = FIELDS if module is userdata else FIELDS.values()
    found = [getattr(told, name) for name in names]
    # One keeps the slash at the end of the gateway's address, the other takes none.
    return [each.rstrip("/") if isinstance(each, str) else each for each in found]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_both_readers_of_user_data_agree(text: str) -> None:
    assert read(userdata, text) == read(metadata, text)


NAMES = st.sampled_from(
    sorted({*userdata.DEFAULTS, *(n for names in userdata.REQUIRED.values() for n in names), "X"})
)
VALUES = st.text(st.sampled_from("ab1 /\"'#\\$=:-"), max_size=12)
LINES = st.lists(st.builds("{}={}".format, NAMES, VALUES), max_size=12)


@given(whole=st.sampled_from([WHOLE, TOKEN, SWARM]), lines=LINES)
def test_both_readers_agree_on_whatever_people_write(whole: str, lines: list[str]) -> None:
    text = whole + "\n".join(lines)
    assert read(userdata, text) == read(metadata, text)


def test_the_last_assignment_of_a_name_counts() -> None:
    told = userdata.configuration(SWARM + CANARY)
    assert (told.labels, told.exclusive) == ("workhorse-canary-linux", True)


def test_a_token_may_lie_in_a_file_where_there_is_no_aws() -> None:
    told = userdata.configuration(WHOLE + "AGENT_WAY=token\nAGENT_TOKEN_FILE=/etc/token\n")
    assert (told.way, told.token_file) == ("token", "/etc/token")


def test_a_region_that_is_not_told_is_left_to_the_metadata_service() -> None:
    assert userdata.configuration(WHOLE + "AWS_REGION=\n").region == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("GATEWAY_URL=gateway.example", "GATEWAY_URL"),
        ("JENKINS_URL=jenkins.example", "JENKINS_URL"),
        ("JENKINS_URL='http://j/a b'", "JENKINS_URL"),
        ("JENKINS_USER='a b'", "JENKINS_USER"),
        ("AWS_REGION='eu west'", "AWS_REGION"),
        ("AGENT_LABELS='a \"b'", "AGENT_LABELS"),
        ("AGENT_LABELS='$(reboot)'", "AGENT_LABELS"),
        ("AGENT_DIRECTORY=agent", "AGENT_DIRECTORY"),
        ("AGENT_DIRECTORY='/a b'", "AGENT_DIRECTORY"),
        ("AGENT_EXECUTORS=0", "AGENT_EXECUTORS"),
        ("AGENT_EXECUTORS=-1", "AGENT_EXECUTORS"),
    ],
)
def test_what_jenkins_or_a_shell_would_misread_is_refused_by_name(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said} is .*; legal: "):
        userdata.check(userdata.configuration(f"{SWARM}{line}\n"))


@pytest.mark.parametrize("text", [WHOLE, TOKEN, SWARM])
def test_what_the_module_documents_is_accepted(text: str) -> None:
    userdata.check(userdata.configuration(text))
