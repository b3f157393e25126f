"""The instance metadata service of one instance, versions 1 and 2. Pure: facts in, answer out.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
Categories: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST_TOKEN = 21600
"""Seconds; the first page above (six hours)."""

TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds"
TOKEN_HEADER = "x-aws-ec2-metadata-token"  # noqa: S105 (the name of a header)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer: status, text and further headers."""

    status: int
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the service knows of its instance.

    `leaves` maps a path below "latest/" to its text, `tokens` each token to the virtual
    epoch second when it ends; `endpoint` and `tokens_required` are the instance's
    HttpEndpoint and HttpTokens options.
    """

    leaves: Mapping[str, str]
    tokens: Mapping[str, float]
    endpoint: bool = True
    tokens_required: bool = False


def token_ttl(headers: Mapping[str, str]) -> int | None:
    """Seconds that a PUT of latest/api/token asks for; None is a bad request."""
    text = headers.get(TTL_HEADER, "")
    if not text.isdigit() or not 1 <= int(text) <= LONGEST_TOKEN:
        return None
    return int(text)


def refusal(machine: Machine, headers: Mapping[str, str], now: float) -> Answer | None:
    """Why a GET is not answered, None when it may be. Header names are lower case."""
    if not machine.endpoint:
        return Answer(status=403, text="IMDS is disabled")
    token = headers.get(TOKEN_HEADER)
    if token is None:
        return Answer(status=401, text="Unauthorized") if machine.tokens_required else None
    if now >= machine.tokens.get(token, float("-inf")):
        return Answer(status=401, text="Unauthorized")
    return None


def look_up(leaves: Mapping[str, str], path: str) -> Answer:
    """The text at a path below "latest/", a listing for a directory, or 404."""
    clean = path.strip("/")
    if clean in leaves:
        return Answer(status=200, text=leaves[clean])
    prefix = f"{clean}/" if clean else ""
    below = [leaf.removeprefix(prefix) for leaf in leaves if leaf.startswith(prefix)]
    if not below:
        return Answer(status=404, text="Not Found")
    entries = {one.split("/")[0] + ("/" if "/" in one else "") for one in below}
    return Answer(status=200, text="\n".join(sorted(entries)))


def get(machine: Machine, path: str, headers: Mapping[str, str], now: float) -> Answer:
    """Answer a GET of a path below "latest/"."""
    refused = refusal(machine, headers, now)
    return refused if refused is not None else look_up(machine.leaves, path)


def action_document(action: str, time: str) -> str:
    """spot/instance-action: what EC2 will do, and when."""
    return json.dumps({"action": action, "time": time})


def target_state(lifecycle_state: str) -> str:
    """autoscaling/target-lifecycle-state for a member's lifecycle state.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
    """
    if lifecycle_state.startswith("Pending"):
        return "InService"
    if lifecycle_state.startswith("Terminat"):
        return "Terminated"
    return {"EnteringStandby": "Standby", "Detaching": "Detached"}.get(
        lifecycle_state, lifecycle_state
    )
