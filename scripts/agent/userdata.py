"""What user data tells an agent; the contract is that of `terraform/modules/agent-pool`."""

import re
import shlex
from dataclasses import dataclass

REQUIRED = ("JENKINS_URL", "JENKINS_USER", "JENKINS_TOKEN_PARAMETER", "AGENT_LABELS")
DEFAULTS = {
    "AGENT_EXECUTORS": "1",
    "AGENT_DIRECTORY": "/home/jenkins/agent",
    "AGENT_MODE": "NORMAL",
    "AWS_REGION": "us-east-1",
}
"""What user data must say, and what it says when it is silent."""


@dataclass(frozen=True)
class Told:
    """What user data says; it names the token's parameter and does not hold the token."""

    jenkins_url: str
    jenkins_user: str
    token_parameter: str
    labels: str
    executors: int
    remote_directory: str
    exclusive: bool
    region: str


def configuration(user_data: str) -> Told:
    """Read lines of NAME=value as a shell reads them; the last of a name counts.

    Raises:
        ValueError: a required name is missing, or a value can never work.
    """
    values = dict(DEFAULTS)
    for line in user_data.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            values[name] = " ".join(shlex.split(value, comments=True))
    if missing := [name for name in REQUIRED if not values.get(name)]:
        raise ValueError(f"user data lacks {', '.join(missing)}")
    return Told(
        jenkins_url=values["JENKINS_URL"].rstrip("/") + "/",
        jenkins_user=values["JENKINS_USER"],
        token_parameter=values["JENKINS_TOKEN_PARAMETER"],
        labels=values["AGENT_LABELS"],
        executors=int(values["AGENT_EXECUTORS"]),
        remote_directory=values["AGENT_DIRECTORY"],
        exclusive=values["AGENT_MODE"] == "EXCLUSIVE",
        region=values["AWS_REGION"],
    )


def check(told: Told) -> None:
    """Refuse what Jenkins would take and then misbehave with, and what a shell would misread.

    Raises:
        ValueError: the message names the value and the rule.
    """
    if not re.fullmatch(r"https?://[^\s'\"\\$]+", told.jenkins_url):
        raise ValueError(f"JENKINS_URL is {told.jenkins_url!r}; legal: http(s)://...")
    if not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", told.remote_directory):
        raise ValueError(f"AGENT_DIRECTORY is {told.remote_directory!r}; legal: a plain path")
    # Jenkins takes -1 and shows a node that nothing can ever run on.
    if told.executors < 1:
        raise ValueError(f"AGENT_EXECUTORS is {told.executors}; legal: 1 or more")
