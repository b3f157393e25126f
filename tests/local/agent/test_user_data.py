"""What an agent reads in its user data."""

import pytest

from workhorse.local.agent.metadata import Configuration, configuration

WHOLE = """#!/bin/sh
# an agent of the pool linux
JENKINS_URL=http://jenkins.example/ci
JENKINS_USER=agents
JENKINS_TOKEN_PARAMETER=/workhorse/token   # names the secret
AGENT_LABELS="linux docker"
AGENT_EXECUTORS=2
AGENT_MODE=EXCLUSIVE
"""


def test_user_data_is_read_as_a_shell_reads_assignments() -> None:
    assert configuration(WHOLE) == Configuration(
        jenkins_url="http://jenkins.example/ci/",
        jenkins_user="agents",
        token_parameter="/workhorse/token",
        labels="linux docker",
        executors=2,
        remote_directory="/home/jenkins/agent",
        exclusive=True,
        region="us-east-1",
    )


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="lacks JENKINS_USER, AGENT_LABELS"):
        configuration("JENKINS_URL=http://j\nJENKINS_TOKEN_PARAMETER=/t\n")


def test_lines_that_are_appended_count_as_a_canary_needs() -> None:
    """The last assignment of a name wins, whatever stands between."""
    appended = f"{WHOLE}AGENT_LABELS=workhorse-canary-linux\nAGENT_MODE=EXCLUSIVE\n"
    found = configuration(appended.replace("AGENT_MODE=EXCLUSIVE", "AGENT_MODE=NORMAL", 1))
    assert (found.labels, found.exclusive) == ("workhorse-canary-linux", True)
    assert (found.executors, found.jenkins_user) == (2, "agents")
