"""The instance metadata service, version 2, and the user data that configures an agent.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from workhorse.local.agent.http import ask
from workhorse.local.agent.proof import Key

TOKEN_LIFE_SECONDS = 21600
"""The longest life that the service grants a token."""

OK, UNAUTHORISED, NOT_FOUND = 200, 401, 404

GATEWAY, TOKEN, SWARM = "gateway", "token", "swarm"

REQUIRED = {
    GATEWAY: ("GATEWAY_URL", "GATEWAY_AUDIENCE"),
    TOKEN: ("GATEWAY_URL", "AGENT_TOKEN_PARAMETER"),
    SWARM: ("JENKINS_URL", "JENKINS_USER", "JENKINS_TOKEN_PARAMETER", "AGENT_LABELS"),
}
"""Lines without which user data is no configuration of an agent, by its way into Jenkins."""

DEFAULTS = {
    "AGENT_WAY": GATEWAY,
    "AGENT_EXECUTORS": "1",
    "AGENT_DIRECTORY": "/home/jenkins/agent",
    "AGENT_MODE": "NORMAL",
    "AWS_REGION": "us-east-1",
}
"""What the other lines say when they are absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What user data tells an agent; it names secrets and holds none."""

    way: str = GATEWAY
    """How it becomes a node: `gateway`, `token` or `swarm`."""
    gateway_url: str = ""
    """With a slash at its end, as Jenkins' is."""
    audience: str = ""
    """The name of the gateway, which a proof of identity is made for."""
    region: str
    token_parameter: str = ""
    """Name of the SSM parameter that holds a registration token."""
    jenkins_url: str = ""
    jenkins_user: str = ""
    jenkins_token_parameter: str = ""
    """Name of the SSM parameter that holds that user's API token; way swarm only, as the rest."""
    labels: str = ""
    executors: int = 1
    directory: str = ""
    exclusive: bool = False


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

    def is_spot(self) -> bool:
        """Whether EC2 may take the instance back."""
        return self._get("meta-data/instance-life-cycle") == "spot"

    def user_data(self) -> str:
        """The user data, as text."""
        return self._get("user-data")

    def key(self) -> Key:
        """The credentials of the instance's role.

        Raises:
            OSError: it has none, or the service does not answer.
        """
        role = self._get("meta-data/iam/security-credentials/").split("\n")[0]
        told = json.loads(self._get(f"meta-data/iam/security-credentials/{role}"))
        return Key(id=told["AccessKeyId"], secret=told["SecretAccessKey"], token=told["Token"])

    def interruption(self) -> str:
        """The notice that EC2 takes the instance back; empty for none."""
        return self._find("meta-data/spot/instance-action") or ""

    def rebalance(self) -> str:
        """The recommendation to leave; empty for none."""
        return self._find("meta-data/events/recommendations/rebalance") or ""

    def _get(self, path: str) -> str:
        """The text there, where something must be."""
        found = self._find(path)
        if found is None:
            raise ConnectionError(f"metadata service: {path}: {NOT_FOUND}")
        return found

    def _find(self, path: str) -> str | None:
        """The text there; None where there is nothing."""
        if not self._token:
            life = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_LIFE_SECONDS)}
            self._token = self._ask("PUT", "api/token", life) or ""
        return self._ask("GET", path, {"X-aws-ec2-metadata-token": self._token})

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> str | None:
        answer = ask(method, f"{self._root}/{path}", headers=headers)
        if answer.status == NOT_FOUND and method == "GET":
            return None
        if answer.status != OK:
            # A token that ended is asked for again at the next try.
            self._token = ""
            raise ConnectionError(f"metadata service: {path}: {answer.status}")
        return answer.text


def configuration(user_data: str) -> Configuration:
    """Read user data: lines of NAME=value as a shell reads them, # comments, others ignored.

    Raises:
        ValueError: there is no such way, or a name that it requires is missing; the message lists
            what is.
    """
    values = DEFAULTS | dict(_assignments(user_data))
    way = values["AGENT_WAY"]
    if way not in REQUIRED:
        raise ValueError(f"AGENT_WAY is {way!r}; legal: {', '.join(REQUIRED)}")
    if missing := [name for name in REQUIRED[way] if not values.get(name)]:
        raise ValueError(f"user data lacks {', '.join(missing)}")
    return Configuration(
        way=way,
        gateway_url=_rooted(values.get("GATEWAY_URL", "")),
        audience=values.get("GATEWAY_AUDIENCE", ""),
        region=values["AWS_REGION"],
        token_parameter=values.get("AGENT_TOKEN_PARAMETER", ""),
        jenkins_url=_rooted(values.get("JENKINS_URL", "")),
        jenkins_user=values.get("JENKINS_USER", ""),
        jenkins_token_parameter=values.get("JENKINS_TOKEN_PARAMETER", ""),
        labels=values.get("AGENT_LABELS", ""),
        executors=int(values["AGENT_EXECUTORS"]),
        directory=values["AGENT_DIRECTORY"],
        exclusive=values["AGENT_MODE"] == "EXCLUSIVE",
    )


def _rooted(url: str) -> str:
    return url.rstrip("/") + "/" if url else ""


def _assignments(text: str) -> list[tuple[str, str]]:
    found = []
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            found.append((name, " ".join(shlex.split(value, comments=True))))
    return found
