"""What an agent reads in its user data."""

import pytest

from workhorse.local.agent.metadata import Configuration, configuration

GATEWAY = """# an agent of the pool linux
GATEWAY_URL=http://workhorse.example:8443
GATEWAY_AUDIENCE=workhorse.example   # whom it proves itself to
AWS_REGION=eu-west-1
"""

SWARM = """#!/bin/sh
AGENT_WAY=swarm
JENKINS_URL=http://jenkins.example/ci
JENKINS_USER=agents
JENKINS_TOKEN_PARAMETER=/workhorse/token   # names the secret
AGENT_LABELS="linux docker"
AGENT_EXECUTORS=2
AGENT_MODE=EXCLUSIVE
"""


def test_an_agent_of_the_gateway_is_told_where_that_is_and_no_more() -> None:
    assert configuration(GATEWAY) == Configuration(
        way="gateway",
        gateway_url="http://workhorse.example:8443/",
        audience="workhorse.example",
        region="eu-west-1",
        executors=1,
        directory="/home/jenkins/agent",
    )


def test_user_data_is_read_as_a_shell_reads_assignments() -> None:
    assert configuration(SWARM) == Configuration(
        way="swarm",
        jenkins_url="http://jenkins.example/ci/",
        jenkins_user="agents",
        jenkins_token_parameter="/workhorse/token",
        labels="linux docker",
        executors=2,
        directory="/home/jenkins/agent",
        exclusive=True,
        region="us-east-1",
    )


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", "GATEWAY_URL, GATEWAY_AUDIENCE"),
        ("AGENT_WAY=token\nGATEWAY_URL=http://w\n", "AGENT_TOKEN_PARAMETER"),
        ("AGENT_WAY=swarm\nJENKINS_URL=http://j\n", "JENKINS_USER, JENKINS_TOKEN_PARAMETER, AGENT"),
    ],
)
def test_everything_that_its_way_needs_and_that_is_missing_is_named(
    text: str, missing: str
) -> None:
    with pytest.raises(ValueError, match=f"lacks {missing}"):
        configuration(text)


def test_a_way_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="'door'; legal: gateway, token, swarm"):
        configuration("AGENT_WAY=door\n")


def test_the_last_assignment_of_a_name_counts() -> None:
    """Whatever stands between: as for a canary of the way swarm, whose lines are appended."""
    appended = f"{SWARM}AGENT_LABELS=workhorse-canary-linux\nAGENT_MODE=EXCLUSIVE\n"
    found = configuration(appended.replace("AGENT_MODE=EXCLUSIVE", "AGENT_MODE=NORMAL", 1))
    assert (found.labels, found.exclusive) == ("workhorse-canary-linux", True)
    assert (found.executors, found.jenkins_user) == (2, "agents")
