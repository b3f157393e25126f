"""Every change that workhorse can make to the world, as values.

Effects are imperatives, comparable, printable, stored in the journal and replayable.
`loops/perform.py` holds the one `match` over them.
All of them are idempotent: performing one twice leaves the world as performing it once.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_args

from workhorse.core.meters import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Cordon:
    """Give the node the one label `label`, EXCLUSIVE mode, and remember what it had."""

    node: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Give a cordoned node its labels and mode back; `labels` when it does not remember them."""

    node: str
    labels: frozenset[str]
    exclusive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDesiredCapacity:
    """Set the group's desired capacity."""

    group: str
    size: int
    queued_size: int = field(default=0, compare=False, repr=False)
    """The agents that the builds in the queue would fill, the ceiling at most: told along to an
    executor's command, and no part of what is asked (decision 0013)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateInstance:
    """TerminateInstanceInAutoScalingGroup: the hook still has its say."""

    instance: str
    decrement: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteHook:
    """CompleteLifecycleAction with CONTINUE: let the instance go."""

    group: str
    hook: str
    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """RecordLifecycleActionHeartbeat: the hook waits its heartbeat time-out anew."""

    group: str
    hook: str
    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReleaseJob:
    """Set the idle node to one executor and queue the job, pinned to it, that ends the hook."""

    job: str
    node: str
    group: str
    hook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNode:
    """Delete the Jenkins node of an instance that is no more."""

    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldMessage:
    """Keep a message invisible to others for `seconds` more."""

    queue: str
    receipt: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMessage:
    """Delete a message: all that it asked for is done."""

    queue: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Publish the meters to CloudWatch and to whoever scrapes them."""

    meters: tuple[Meter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTemplateVersion:
    """Have the group launch this version of its launch template from now on."""

    group: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchCanary:
    """Launch one instance beside the group from a template version, for this order only.

    Its agent registers under `label` alone and EXCLUSIVE: no build but the smoke job's finds it.
    """

    group: str
    version: int
    order: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCanary:
    """TerminateInstances of a canary; no member of a group is ever named here."""

    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """Queue a job with these parameters, unless a run of it with the same is queued or running."""

    job: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMatrix:
    """Have the matrix job run once on each of these nodes, each set to one executor before."""

    job: str
    nodes: tuple[str, ...]
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRefresh:
    """StartInstanceRefresh to this version, one at a time for a group."""

    group: str
    version: int
    healthy_percent: int
    """MinHealthyPercentage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRefresh:
    """CancelInstanceRefresh; done as well when none runs."""

    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellRollout:
    """Have the record of a pool's rollout say this; `standing` is plain JSON."""

    pool: str
    standing: str
    """JSON text: an effect is comparable and can be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOrder:
    """The rollout is over: take its order away, so that another may be placed."""

    pool: str
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteImage:
    """The image proved itself: the pool's stable one from now on, the stable one its previous."""

    pool: str
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CondemnImage:
    """The image failed its rollout: it is nobody's candidate any more, and tagged so."""

    pool: str
    image: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNode:
    """Make the node of an agent that proved who it is; one of that name is left as it is."""

    node: str
    labels: frozenset[str]
    executors: int
    exclusive: bool
    directory: str
    connection: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachVolume:
    """AttachVolume: to have it is to hold the lock of the volume."""

    volume: str
    instance: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachVolume:
    """DetachVolume: another agent may claim the volume."""

    volume: str
    instance: str
    force: bool = False
    """The instance is no more or cannot let go: what it had not written yet is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagVolume:
    """CreateTags on a cache volume: its memory."""

    volume: str
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkBuild:
    """Add a line to the description of a build that was lost: it is being queued again."""

    build: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAgain:
    """Queue the job of a build that was lost, with exactly its parameters."""

    build: str
    job: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchInZone:
    """LaunchInstances: one more instance of the group, in this zone."""

    group: str
    zone: str
    count: int


Effect = (
    Cordon
    | Recall
    | SetDesiredCapacity
    | TerminateInstance
    | CompleteHook
    | Heartbeat
    | QueueReleaseJob
    | DeleteNode
    | HoldMessage
    | ForgetMessage
    | Publish
    | UseTemplateVersion
    | LaunchCanary
    | EndCanary
    | RunJob
    | RunMatrix
    | StartRefresh
    | CancelRefresh
    | TellRollout
    | CloseOrder
    | PromoteImage
    | CondemnImage
    | CreateNode
    | AttachVolume
    | DetachVolume
    | TagVolume
    | MarkBuild
    | QueueAgain
    | LaunchInZone
)


_ASKED = {
    kind.__name__: tuple(each.name for each in fields(kind) if each.compare)
    for kind in get_args(Effect)
}


def as_record(effect: Effect) -> dict[str, Any]:
    """What is asked, as a JSON-ready mapping, the effect's name under `effect`."""
    name = type(effect).__name__
    record: dict[str, Any] = {"effect": name}
    for key in _ASKED[name]:
        value = getattr(effect, key)
        if isinstance(value, frozenset):
            value = sorted(value)
        elif isinstance(value, tuple):
            value = [asdict(each) if isinstance(each, Meter) else each for each in value]
        record[key] = value
    return record
