"""What the gateway, the cache, the ledger and the requeue need of the outside.

The adapters and the simulated world satisfy these by shape.
As in `loops/ports.py`: every call may raise `Surprise`, none retries.
The gateway's threads call them beside the loops' thread: an adapter must stand that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workhorse.core.effects import CreateNode
from workhorse.core.requeue import BuildRecord
from workhorse.core.volume import Volume


class Nodes(Protocol):
    """Jenkins, as far as agents are registered there."""

    def create(self, wanted: CreateNode) -> None:
        """Make the node, an inbound agent that is always kept; one of that name is left as it is.

        Its description begins as `workhorse: pool NAME` does, so that the ledger knows its own.
        """

    def secret(self, node: str) -> str:
        """The secret that the agent of that name connects with.

        A pure function of the name and Jenkins' own key: it may be kept while Jenkins' instance
        identity stays.

        Raises:
            Missing: there is no such node.
        """

    def jar_digest(self) -> str:
        """The SHA-256 of the agent.jar that Jenkins serves, in hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A GetCallerIdentity call that somebody signed and did not make."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose call it is, in the words of STS."""

    account: str
    arn: str
    user_id: str


class Identities(Protocol):
    """STS."""

    def caller(self, proof: Proof) -> Caller:
        """Make the signed call, at STS and nowhere else, and say whose it is.

        Raises:
            Missing: STS does not accept it: forged, expired, or of no one.
            Unreadable: STS does not answer.
        """


class Volumes(Protocol):
    """EC2, as far as cache volumes go."""

    def volumes(self, pools: Sequence[str]) -> Sequence[Volume]:
        """The cache volumes of these pools, by their tags, in every zone."""

    def attach(self, volume: str, instance: str, device: str) -> None:
        """AttachVolume.

        Raises:
            Missing: it is another's, or gone, or of another zone: take the next.
        """

    def detach(self, volume: str, instance: str, *, force: bool) -> None:
        """DetachVolume; done as well when that instance does not hold it."""

    def tag(self, volume: str, tags: Mapping[str, str]) -> None:
        """CreateTags."""


class Builds(Protocol):
    """Jenkins, as far as lost builds are queued again."""

    def build(self, path: str) -> BuildRecord:
        """The build of that path.

        Raises:
            Missing: Jenkins does not keep it.
        """

    def since(self, job: str, queue_id: int) -> Sequence[BuildRecord]:
        """Builds and queued items of the job whose queue id is higher, newest first."""

    def mark(self, path: str, text: str) -> None:
        """Add a line to the build's description; there already: changes nothing."""

    def queue(self, job: str, parameters: Mapping[str, str]) -> None:
        """Queue the job with exactly these parameters; with none, as one without parameters.

        Raises:
            Missing: there is no such job.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """What changed since the bake: a signed list of digests, and nothing of the files."""

    manifest: bytes
    """JSON, exactly as it was signed."""
    signature: bytes
    """Armoured signature of `ssh-keygen -Y sign -n workhorse-late`."""


class LateStore(Protocol):
    """Where late configuration lies."""

    def late(self, pool: str) -> Late | None:
        """What the agents of the pool are to apply; None for nothing."""

    def file(self, digest: str) -> bytes:
        """The file of that SHA-256, in hex.

        Raises:
            Missing: there is none.
        """


class Zones(Protocol):
    """Auto Scaling, as far as the zone of a launch is chosen."""

    def launch(self, group: str, zone: str, count: int) -> None:
        """LaunchInstances: desired capacity rises by what was launched, in this zone.

        Raises:
            Surprise: EC2 has none there; the next tick launches anywhere.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Tending:
    """What agents need of us beyond their number."""

    nodes: Nodes
    volumes: Volumes
    builds: Builds
    zones: Zones
