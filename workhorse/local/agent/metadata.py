"""The instance metadata service, version 2, and the user data that configures an agent.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from workhorse.local.agent.http import ask

TOKEN_LIFE_SECONDS = 21600
"""The longest life that the service grants a token."""

REQUIRED = ("JENKINS_URL", "JENKINS_USER", "JENKINS_TOKEN_PARAMETER", "AGENT_LABELS")
"""Lines without which user data is no configuration of an agent."""

DEFAULTS = {
    "AGENT_EXECUTORS": "1",
    "AGENT_DIRECTORY": "/home/jenkins/agent",
    "AGENT_MODE": "NORMAL",
    "AWS_REGION": "us-east-1",
}
"""What the other lines say when they are absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What user data tells an agent; it names the secret and does not hold it."""

    jenkins_url: str
    """Root URL of the controller, with a slash at its end."""
    jenkins_user: str
    token_parameter: str
    """Name of the SSM parameter that holds the user's API token."""
    labels: str
    """Label string of the node, as a person would type it."""
    executors: int
    remote_directory: str
    exclusive: bool
    """Builds without a label do not run here (Jenkins' EXCLUSIVE mode)."""
    region: str


class Metadata:
    """The metadata service at `endpoint`, asked with a token as IMDSv2 demands."""

    def __init__(self, endpoint: str) -> None:
        self._root = endpoint.rstrip("/") + "/latest"
        self._token = ""

    def instance_id(self) -> str:
        """The id of the instance this runs on."""
        return self._get("meta-data/instance-id")

    def image_id(self) -> str:
        """The id of the image that the instance was launched from."""
        return self._get("meta-data/ami-id")

    def user_data(self) -> str:
        """The user data, as text."""
        return self._get("user-data")

    def _get(self, path: str) -> str:
        if not self._token:
            life = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_LIFE_SECONDS)}
            self._token = self._ask("PUT", "api/token", life)
        return self._ask("GET", path, {"X-aws-ec2-metadata-token": self._token})

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        answer = ask(method, f"{self._root}/{path}", headers=headers)
        if answer.status != 200:  # noqa: PLR2004 - the one good status
            raise ConnectionError(f"metadata service: {path}: {answer.status}")
        return answer.text


def configuration(user_data: str) -> Configuration:
    """Read user data: lines of NAME=value as a shell reads them, # comments, others ignored.

    Raises:
        ValueError: a required name is missing; the message lists what is.
    """
    values = DEFAULTS | dict(_assignments(user_data))
    if missing := [name for name in REQUIRED if not values.get(name)]:
        raise ValueError(f"user data lacks {', '.join(missing)}")
    return Configuration(
        jenkins_url=values["JENKINS_URL"].rstrip("/") + "/",
        jenkins_user=values["JENKINS_USER"],
        token_parameter=values["JENKINS_TOKEN_PARAMETER"],
        labels=values["AGENT_LABELS"],
        executors=int(values["AGENT_EXECUTORS"]),
        remote_directory=values["AGENT_DIRECTORY"],
        exclusive=values["AGENT_MODE"] == "EXCLUSIVE",
        region=values["AWS_REGION"],
    )


def _assignments(text: str) -> list[tuple[str, str]]:
    found = []
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            found.append((name, " ".join(shlex.split(value, comments=True))))
    return found
