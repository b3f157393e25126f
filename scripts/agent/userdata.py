"""What user data tells an agent; the contract is that of `terraform/modules/agent-pool`."""

import re
import shlex
from dataclasses import dataclass

REQUIRED = {
    "gateway": ("GATEWAY_URL", "GATEWAY_AUDIENCE"),
    "token": ("GATEWAY_URL",),
    "swarm": ("JENKINS_URL", "JENKINS_USER", "JENKINS_TOKEN_PARAMETER", "AGENT_LABELS"),
}
"""What user data must say, by the way in."""

DEFAULTS = {
    "AGENT_WAY": "gateway",
    "AGENT_EXECUTORS": "1",
    "AGENT_DIRECTORY": "/home/jenkins/agent",
    "AGENT_MODE": "NORMAL",
}
"""What it says when it is silent."""

PLAIN_URL = r"https?://[^\s'\"\\$]+"
PLAIN_PATH = r"(/[A-Za-z0-9._-]+)+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What user data says; of a secret it names the place and does not hold it."""

    way: str
    """gateway, token or swarm."""
    gateway_url: str
    """Without a slash at its end."""
    gateway_audience: str
    region: str
    """Empty: the metadata service knows."""
    token_parameter: str
    token_file: str
    jenkins_url: str
    """With a slash at its end."""
    jenkins_user: str
    jenkins_token_parameter: str
    labels: str
    executors: int
    directory: str
    exclusive: bool


def assignments(user_data: str) -> dict[str, str]:
    """Lines of NAME=value as a shell reads them; the last of a name counts."""
    found = {}
    for line in user_data.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            found[name] = " ".join(shlex.split(value, comments=True))
    return found


def configuration(user_data: str) -> Told:
    """Read user data.

    Raises:
        ValueError: a required name is missing, or a value can never work.
    """
    values = DEFAULTS | assignments(user_data)
    way = values["AGENT_WAY"]
    if way not in REQUIRED:
        raise ValueError(f"AGENT_WAY is {way!r}; legal: {', '.join(REQUIRED)}")
    missing = [name for name in REQUIRED[way] if not values.get(name)]
    if way == "token" and not (
        values.get("AGENT_TOKEN_PARAMETER") or values.get("AGENT_TOKEN_FILE")
    ):
        missing.append("AGENT_TOKEN_PARAMETER")
    if missing:
        raise ValueError(f"user data lacks {', '.join(missing)}")
    jenkins = values.get("JENKINS_URL", "")
    return Told(
        way=way,
        gateway_url=values.get("GATEWAY_URL", "").rstrip("/"),
        gateway_audience=values.get("GATEWAY_AUDIENCE", ""),
        region=values.get("AWS_REGION", ""),
        token_parameter=values.get("AGENT_TOKEN_PARAMETER", ""),
        token_file=values.get("AGENT_TOKEN_FILE", ""),
        jenkins_url=jenkins.rstrip("/") + "/" if jenkins else "",
        jenkins_user=values.get("JENKINS_USER", ""),
        jenkins_token_parameter=values.get("JENKINS_TOKEN_PARAMETER", ""),
        labels=values.get("AGENT_LABELS", ""),
        executors=int(values["AGENT_EXECUTORS"]),
        directory=values["AGENT_DIRECTORY"],
        exclusive=values["AGENT_MODE"] == "EXCLUSIVE",
    )


def check(told: Told) -> None:
    """Refuse what Jenkins would take and then misbehave with, and what a shell would misread.

    Raises:
        ValueError: the message names the value and the rule.
    """
    for name, url in (("GATEWAY_URL", told.gateway_url), ("JENKINS_URL", told.jenkins_url)):
        if url and not re.fullmatch(PLAIN_URL, url):
            raise ValueError(f"{name} is {url!r}; legal: http(s)://...")
    if not re.fullmatch(PLAIN_PATH, told.directory):
        raise ValueError(f"AGENT_DIRECTORY is {told.directory!r}; legal: a plain path")
    if not re.fullmatch(r"[a-z0-9-]*", told.region):
        raise ValueError(f"AWS_REGION is {told.region!r}; legal: a region's name")
    if re.search(r"[\"'\\$]", told.labels):
        raise ValueError(f"AGENT_LABELS is {told.labels!r}; legal: words without quotes")
    if told.jenkins_user and not re.fullmatch(r"[A-Za-z0-9._@-]+", told.jenkins_user):
        raise ValueError(f"JENKINS_USER is {told.jenkins_user!r}; legal: a plain name")
    # Jenkins takes -1 and shows a node that nothing can ever run on.
    if told.executors < 1:
        raise ValueError(f"AGENT_EXECUTORS is {told.executors}; legal: 1 or more")
