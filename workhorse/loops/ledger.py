"""The ledger's loop: what disagrees, told when it counts and when it is over, and mended.

The decision is `core/reckoning.py`'s; here is what it is fed with and what becomes of it.
Agents that are to leave are named to the drainer; the rest is performed here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from math import inf

from workhorse.core.asks import Ask, AskKind
from workhorse.core.disagreements import Facts, Inventory
from workhorse.core.drain import Cause, Drain
from workhorse.core.effects import DetachVolume, Effect
from workhorse.core.errors import Surprise
from workhorse.core.ledger import LEDGER, Disagreement, LedgerPolicy, boot_seconds
from workhorse.core.meters import Meter
from workhorse.core.model import Node, Pool, Snapshot
from workhorse.core.reckoning import Book, Entry, Reckoning, meters, reckon, to_ask
from workhorse.core.token_machines import astray
from workhorse.core.volumes import stranded
from workhorse.loops.control import Wishes
from workhorse.loops.members import Membership
from workhorse.loops.notes import note
from workhorse.loops.perform import Performer
from workhorse.loops.ports import Ports

ASKED_PER_TICK = 20
"""Jenkins is asked for no more nodes in one tick: others are asked for in the next."""
MENDED_PER_TICK = 20
"""No more is mended in one tick: a thousand nodes may be gone at once, and hooks wait for us."""
GOING = frozenset({Disagreement.MACHINE_CORDONED})
"""Of whom the ledger itself cordoned the node."""
EMPTY = Inventory()
NO_NODES: Mapping[str, Node] = {}
Heard = Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """How the books are kept."""

    policy: LedgerPolicy = field(default_factory=LedgerPolicy)
    heard: Heard | None = None
    """Instance to when the gateway last heard it; None where there is no gateway."""
    home: str = ""
    """Account and region of the pools; empty when that is not known: then no node is taken for
    ours whose instance EC2 does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the ledger wants of the drainer."""

    lost: Mapping[str, float] = field(default_factory=dict)
    """Instances on which nothing can run, to since when that is so."""
    own: Mapping[str, Cause] = field(default_factory=dict)
    """Instances that are to leave, and why."""
    recall: tuple[str, ...] = ()
    """Instances that were given up and are back."""


NOTHING = Verdict()


class Ledger:
    """Holds the books of all pools together.

    Args:
        ports: the outside.
        pools: whose agents they are.
        performer: what performs effects.
        books: how they are kept.
    """

    def __init__(
        self, ports: Ports, pools: tuple[Pool, ...], performer: Performer, books: Books
    ) -> None:
        self._ports = ports
        self._pools = pools
        self._performer = performer
        self._books = books
        self._membership = Membership(pools)
        self._book = Book()
        self._registered: frozenset[str] = frozenset()
        self._pools_had: Mapping[str, Pool] = {}
        self._nodes_had: Mapping[str, Node] = NO_NODES
        self._failed: dict[str, str] = {}
        self._astray = False
        """A node was made for a machine that came by a token, and something is wrong with it."""
        self._inventory = Inventory()
        self.holds_until = inf
        """The same facts give nothing to do at any time before; 0 when that look did anything."""
        self.read_holds_until = 0.0
        """EC2 shows the same of ours until then, while the world stays as it is."""
        self._unread = ""
        """Why it could not be read last time."""

    def tick(
        self,
        snapshot: Snapshot,
        drains: Mapping[str, Drain],
        wishes: Wishes,
        asks: Iterable[Ask] = (),
        rolling: Iterable[str] = (),
    ) -> Verdict:
        """Hold the books together, tell what is new, mend what may be mended.

        Args:
            snapshot: what was read.
            drains: the drains under way, by instance id.
            wishes: what the control loop saw: its surveys, and what it learned.
            asks: what agents ask; the ledger hears who failed, and why.
            rolling: pools in which a rollout is under way.
        """
        self._hear(asks)
        self._remember(snapshot)
        if self._agree(snapshot, drains, wishes):
            self.holds_until = inf
            return NOTHING
        facts = self._facts(snapshot, drains, wishes, frozenset(rolling))
        found = reckon(self._book, facts, self._boots(wishes), self._books.policy)
        self._book = found.book
        self._tell(found, drains)
        # Whose drain ends makes room for the next of an old image, and drains end after this.
        renewed = any(drain.cause is Cause.OLD_IMAGE for drain in drains.values())
        self.holds_until = 0.0 if renewed else found.holds_until
        self._mend(found.effects)
        return Verdict(lost=found.lost, own=found.own, recall=found.recall)

    def _agree(self, snapshot: Snapshot, drains: Mapping[str, Drain], wishes: Wishes) -> bool:
        """Nothing is out of order at first sight, and nothing was: as it is most of the time."""
        if self._book.entries or drains or snapshot.states or self._inventory != EMPTY:
            return False
        if self._astray:
            return False
        return not any(d.survey.booting or d.survey.lost for d in wishes.decisions)

    def _boots(self, wishes: Wishes) -> Mapping[str, float]:
        """How long the agents of each pool take to boot."""
        policies = {pool.name: pool.policy for pool in self._pools}
        return {d.pool: boot_seconds(d.memory.learned, policies[d.pool]) for d in wishes.decisions}

    @property
    def reads(self) -> bool:
        """There is something to be read that the snapshot does not show."""
        return self._ports.belongings is not None or bool(self._cached)

    def read(self) -> bool:
        """Read what EC2 shows of ours; True when that is news. What cannot be read stands."""
        had, told, self._unread = self._inventory, self._unread, ""
        try:
            self._inventory = self._read()
        except Surprise as surprise:
            self._unread = str(surprise)
            if told != self._unread:
                note(self._ports, "failed", effect="reading what is ours", error=self._unread)
        # Volumes are told of by their age too.
        self.read_holds_until = 0.0 if self._unread or self._cached else inf
        return self._inventory != had

    def meters(self, now: float) -> tuple[Meter, ...]:
        """How much disagrees in every pool, and for how long."""
        return tuple(meters(self._book, (pool.name for pool in self._pools), now))

    @property
    def _cached(self) -> list[str]:
        """Pools whose agents claim volumes."""
        pools = self._pools if self._ports.tending is not None else ()
        return [pool.name for pool in pools if pool.agent.tier]

    def _hear(self, asks: Iterable[Ask]) -> None:
        for ask in asks:
            if ask.kind is AskKind.FAILED:
                self._failed[ask.instance] = ask.detail or "it did not say why"

    def _remember(self, snapshot: Snapshot) -> None:
        """Whose node was listed, of those who are members still."""
        pools = self._membership.of(snapshot.groups).pools
        told = snapshot.jenkins.nodes if snapshot.jenkins else NO_NODES
        if pools is self._pools_had and told is self._nodes_had and not self._failed:
            return  # As it was: the readings of the simulator keep what did not change.
        if told is not self._nodes_had:
            self._astray = any(astray(told[name]) for name in told.keys() - pools.keys())
        self._pools_had, self._nodes_had = pools, told
        members, nodes = pools.keys(), told.keys()
        unread = snapshot.unread
        kept = self._registered if unread else self._registered & members
        self._registered = kept | (nodes & members)
        if self._failed and not unread:
            self._failed = {n: why for n, why in self._failed.items() if n in members - nodes}

    def _hidden(self, snapshot: Snapshot) -> Iterator[str]:
        """Of those whose time is over, who has a node all the same; unknown means yes."""
        if snapshot.jenkins is None or snapshot.frozen:
            return
        for number, name in enumerate(to_ask(self._book, snapshot.at)):
            if number >= ASKED_PER_TICK:
                yield name
                continue
            try:
                has = self._ports.controller.has_node(name)
            except Surprise as surprise:
                note(self._ports, "failed", effect="asking for a node", error=str(surprise))
                has = True
            if has:
                yield name

    def _facts(
        self,
        snapshot: Snapshot,
        drains: Mapping[str, Drain],
        wishes: Wishes,
        rolling: frozenset[str],
    ) -> Facts:
        return Facts(
            snapshot=snapshot,
            pools=self._pools,
            surveys={d.pool: d.survey for d in wishes.decisions},
            drains=drains,
            registered=self._registered,
            heard=self._books.heard() if self._books.heard else {},
            failed=self._failed,
            hidden=frozenset(self._hidden(snapshot)),
            patience={d.pool: d.memory.learned.patience.seconds for d in wishes.decisions},
            rolling=rolling,
            inventory=self._inventory,
            home=self._books.home,
        )

    def _tell(self, found: Reckoning, drains: Mapping[str, Drain]) -> None:
        for entry in found.begun:
            rule = LEDGER[entry.finding.kind]
            kept = entry.finding.held or ("" if self._books.policy.act else "ledger.act is off")
            done = f"{rule.remedy}: {kept}" if kept else str(rule.remedy)
            self._note(entry, "found", f"{rule.means}; {done}")
        cordoned = {name for kind, name in found.book.entries if kind in GOING}
        for entry in found.ended:
            leaves = entry.finding.subject in drains.keys() | cordoned
            self._note(entry, "over", "it leaves" if leaves else "they agree again")

    def _note(self, entry: Entry, state: str, because: str) -> None:
        finding = entry.finding
        told = {"disagreement": finding.kind, "subject": finding.subject, "state": state}
        more = {"detail": finding.detail} if finding.detail else {}
        facts = {**told, "since": entry.since, "because": because, **more}
        note(self._ports, "ledger", pool=finding.pool, **facts)

    def _mend(self, effects: Iterable[tuple[Effect, str]]) -> None:
        """Perform what is no drain; what fails is tried again by the next look."""
        for effect, because in islice(effects, MENDED_PER_TICK):
            self.holds_until = 0.0
            try:
                self._performer.perform(effect, because)
            except Surprise:
                return
            if isinstance(effect, DetachVolume):
                left = tuple(one for one in self._inventory.stranded if one[1] != effect)
                self._inventory = replace(self._inventory, stranded=left)

    def _read(self) -> Inventory:
        names = [pool.name for pool in self._pools]
        belongings = self._ports.belongings
        found = Inventory()
        if belongings is not None:
            aged = {pool.name for pool in self._pools if pool.agent.max_image_days}
            owned = tuple(belongings.owned(names))
            images = {one.image for one in owned if one.pool in aged} - {""}
            made = belongings.made(sorted(images)) if images else {}
            found = Inventory(owned=owned, images=made)
        return replace(found, stranded=self._stranded())

    def _stranded(self) -> tuple[tuple[str, DetachVolume], ...]:
        """Volumes of the pools that have any; EC2 is asked for holders who are no members."""
        if self._ports.tending is None or not self._cached:
            return ()
        volumes = self._ports.tending.volumes.volumes(self._cached)
        holders = {one.attached_to: one for one in volumes if one.attached_to}
        states = self._ports.cloud.states(sorted(holders)) if holders else {}
        pool_of = {one.id: one.pool for one in volumes}
        freed = stranded(volumes, states, self._ports.clock.now())
        return tuple((pool_of[effect.volume], effect) for effect in freed)
