"""Who an agent is and whether it may come in: the gateway's decisions, without its I/O.

What somebody says of himself is checked against what STS and Auto Scaling say.
Every no is a `Denied`, in the words of HTTP: 400 makes no sense, 401 is not proved, 403 is proved
and not ours, 409 is ours and leaves, 429 came too often, 503 cannot be decided now.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from workhorse.core.agents import Size, Tier
from workhorse.core.errors import Surprise
from workhorse.core.model import INSTANCE_ID, Pool
from workhorse.core.owner import home_of, owner_text
from workhorse.core.word import Word

_SESSION = re.compile(
    r"arn:(?P<partition>aws(?:-[a-z]+)*):sts::(?P<account>[0-9]{12}):assumed-role/"
    r"(?P<role>[A-Za-z0-9_+=,.@-]{1,64})/(?P<session>[A-Za-z0-9_+=,.@-]{2,64})"
)
"""What STS calls the session of a role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""
_OWNER = re.compile(r"arn:(?P<partition>aws(?:-[a-z]+)*):[a-z]+::(?P<account>[0-9]{12}):.+")

_GIVEN_DIGITS = 12
"""Hexadecimal digits of a name that the gateway gives; an instance id has 8 or 17."""

MOST_VCPUS = 4096
MOST_GIB = 65536.0
"""What no instance type exceeds: beyond it somebody tells stories.

https://aws.amazon.com/ec2/instance-types/
"""


MOST_GIVEN = 1000
"""Nodes of one pool that came by tokens: as many agents as were measured. A token that got about
fills Jenkins with no more."""

_FULL_SECONDS = 60.0


class Status(IntEnum):
    """What HTTP calls the answers of the gateway.

    https://www.rfc-editor.org/rfc/rfc9110.html#section-15
    """

    OK = 200
    ACCEPTED = 202
    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    NOT_ALLOWED = 405
    CONFLICT = 409
    TOO_LARGE = 413
    TOO_MANY = 429
    UNAVAILABLE = 503


class Denied(Surprise):
    """What was asked is not granted."""

    def __init__(self, status: int, because: str, *, retry_seconds: float | None = None) -> None:
        """Say no.

        Args:
            status: HTTP's.
            because: for the agent's own journal; without secrets.
            retry_seconds: when to ask again; None for never.
        """
        super().__init__(because)
        self.status = status
        self.retry_seconds = retry_seconds


class Way(Word):
    """How an agent proves who it is."""

    GATEWAY = "gateway"
    TOKEN = "token"  # noqa: S105 - the name of the way, no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where we are ourselves: nobody of another account is ours."""

    partition: str
    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An agent that was let in."""

    name: str
    pool: str
    way: Way
    canary: bool = False
    """It stands beside the group, for a rollout to try its image."""
    token: str = ""
    """Id of the registration token it came by."""

    @property
    def in_group(self) -> bool:
        """Its instance is a member of the pool's group."""
        return self.way is Way.GATEWAY and not self.canary

    def has_cache(self, pool: Pool) -> bool:
        """It may ask for a cache volume."""
        return self.in_group and pool.agent.tier is not Tier.NONE


def home_told(arn: str, region: str) -> Home:
    """Where the owner of that ARN is.

    Raises:
        Surprise: it is no ARN of IAM or STS.
    """
    found = _OWNER.fullmatch(arn)
    if found is None:
        raise Surprise(f"STS says that we are {arn!r}, which is no ARN")
    return Home(partition=found["partition"], account=found["account"], region=region)


def role_of(arn: str, user_id: str, account: str, *, home: Home, name: str) -> str:
    """The role by which the instance `name` signed.

    Args:
        arn: of the caller, as STS tells it.
        user_id: the same; it ends with the session's name.
        account: the same, of the caller.
        home: our own account.
        name: who the agent says it is.

    Raises:
        Denied: it is no session of a role of our account, or not that instance's.
    """
    found = _SESSION.fullmatch(arn)
    if found is None:
        raise Denied(Status.FORBIDDEN, "the caller is not the session of a role")
    if (found["partition"], found["account"]) != (home.partition, home.account) or (
        account != home.account
    ):
        raise Denied(Status.FORBIDDEN, "the caller is of another account")
    session = found["session"]
    if not INSTANCE_ID.fullmatch(session) or user_id.rpartition(":")[2] != session:
        raise Denied(Status.FORBIDDEN, "the session is not that of an instance profile")
    if session != name:
        raise Denied(Status.FORBIDDEN, "the name is that of another instance")
    return found["role"]


def pools_of_role(role: str, pools: Mapping[str, Pool]) -> Mapping[str, Pool]:
    """The pools whose instances have that role, by name.

    Raises:
        Denied: no pool's instances have it.
    """
    found = {name: pool for name, pool in pools.items() if role and pool.agent.role == role}
    if not found:
        raise Denied(Status.FORBIDDEN, "the caller's role is that of no pool")
    return found


def given_name(pool: str, chance: str) -> str:
    """The name of an agent that has none of its own, of 12 digits of chance: never used again."""
    return f"{pool}-{chance[:_GIVEN_DIGITS]}"


def is_given(name: str, pool: str) -> bool:
    """The gateway may have given that name to an agent of the pool."""
    head, _, digits = name.rpartition("-")
    return head == pool and re.fullmatch(rf"[0-9a-f]{{{_GIVEN_DIGITS}}}", digits) is not None


def check_room(member: Member, nodes: Collection[str]) -> None:
    """Hold whoever has a token to a number of nodes: the ledger deletes them only after a day.

    Args:
        member: who would have a node.
        nodes: the names that Jenkins has.

    Raises:
        Denied: there are as many already.
    """
    if member.way is not Way.TOKEN or member.name in nodes:
        return
    if sum(1 for name in nodes if is_given(name, member.pool)) >= MOST_GIVEN:
        because = f"pool {member.pool} has {MOST_GIVEN} nodes by tokens: delete those that are gone"
        raise Denied(Status.TOO_MANY, because, retry_seconds=_FULL_SECONDS)


def description(pool: str, home: Home, member: Member) -> str:
    """What Jenkins shows of the node; it begins with what tells ours from those of others."""
    owner = owner_text(pool, home_of(home.account, home.region))
    return f"{owner} as a canary" if member.canary else f"{owner} by {member.way}"


def size_told(body: Mapping[str, Any]) -> Size:
    """How large the instance says it is; one vCPU and 1 GiB where it says nothing.

    Raises:
        Denied: it says what cannot be.
    """
    vcpus, memory = body.get("vcpus", 1), body.get("memory_gib", 1)
    if not _is_number(vcpus, 1, MOST_VCPUS) or int(vcpus) != vcpus:
        raise Denied(Status.BAD_REQUEST, f"vcpus: must be a whole number from 1 to {MOST_VCPUS}")
    if not _is_number(memory, 0, MOST_GIB):
        raise Denied(Status.BAD_REQUEST, f"memory_gib: must be a number from 0 to {MOST_GIB:g}")
    return Size(vcpus=int(vcpus), memory_gib=float(memory))


def _is_number(value: object, least: float, most: float) -> bool:
    """Compared as it came: a whole number of JSON may be too large for a float."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and least <= value <= most  # type: ignore[operator] # it is a number


def text_told(body: Mapping[str, Any], key: str, *, most: int, needed: bool = False) -> str:
    """A text of the body; empty when it is absent and not needed.

    Raises:
        Denied: it is no text, too long, or needed and not there.
    """
    value = body.get(key, "")
    if not isinstance(value, str) or len(value) > most or (needed and not value):
        raise Denied(Status.BAD_REQUEST, f"{key}: must be text of at most {most} characters")
    return value.encode(errors="replace").decode()  # JSON knows halves of characters.
