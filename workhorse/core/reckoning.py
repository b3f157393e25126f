"""Counting the time of what does not agree, and saying what is due.

An entry is of one disagreement of one subject, and begins with the look that first finds it.
It counts once its patience is over: then it is told, measured, and its remedy applied.
In the dark, when a look cannot be trusted for it, its time stands still; when it is light again its
beginning moves on by as much.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from workhorse.core.disagreements import Facts, Finding, findings
from workhorse.core.drain import REVOCABLE, Cause, Drain
from workhorse.core.effects import Effect
from workhorse.core.ledger import LEDGER, STRANGERS, Disagreement, LedgerPolicy, Remedy
from workhorse.core.meters import Meter
from workhorse.core.model import Instance, Lifecycle
from workhorse.core.steady import ROUNDING_SECONDS

UNLISTED = frozenset({Disagreement.NEVER_REGISTERED, Disagreement.FAILED, Disagreement.FORGOTTEN})
"""What is told of agents of whose name Jenkins lists nothing."""
Key = tuple[Disagreement, str]
CAUSES = {Remedy.LEAVE: Cause.LOST, Remedy.RENEW: Cause.OLD_IMAGE}
"""The remedies that are drains, and why an agent leaves by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One disagreement that lasts."""

    finding: Finding
    since: float
    """When it began, by the time that could be seen."""
    counts_at: float
    """When its patience is over."""
    due_at: float
    """When its remedy is due: no sooner, and later where a pool tries how long its boots take."""
    dark_at: float | None = None
    """Since when it cannot be seen; None while it can."""
    counted: bool = False
    """Its patience is over, and it was told."""

    @property
    def key(self) -> Key:
        """What makes it the same at the next look."""
        return self.finding.kind, self.finding.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What is remembered from look to look; a restart forgets it."""

    entries: Mapping[Key, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """One look's outcome."""

    book: Book
    begun: tuple[Entry, ...] = ()
    """Those whose patience ended with this look."""
    ended: tuple[Entry, ...] = ()
    """Those that counted, and are no more."""
    lost: Mapping[str, float] = field(default_factory=dict)
    """Instances on which nothing can run, to since when."""
    own: Mapping[str, Cause] = field(default_factory=dict)
    """Instances that are to leave, and why."""
    recall: tuple[str, ...] = ()
    """Lost ones that came back before AWS was asked to end them."""
    effects: tuple[tuple[Effect, str], ...] = ()
    """What else is to be done, with its reason."""
    holds_until: float = inf
    """The same facts ask for nothing more at any time before."""


def reckon(book: Book, facts: Facts, boots: Mapping[str, float], policy: LedgerPolicy) -> Reckoning:
    """Take a look's findings into the book, and say what is due.

    Args:
        book: what the last look left.
        facts: what was read.
        boots: pool name to how long its agents take to boot, in seconds.
        policy: what the ledger may do.
    """
    at = facts.snapshot.at
    told = facts.snapshot.jenkins is not None and not facts.snapshot.frozen
    lit: Collection[str] = facts.surveys.keys() if told else ()
    entries: dict[Key, Entry] = {}
    ended: list[Entry] = []
    if told:
        for finding in findings(facts):
            if finding.pool in lit:
                entry = _entry(book, finding, facts, boots.get(finding.pool, inf), policy)
                entries[entry.key] = entry
    for key, had in book.entries.items():
        if key in entries:
            continue
        if _online(had, facts):
            ended += [had] if had.counted else []
        elif _unseen(had, facts, lit):
            entries[key] = had if had.dark_at is not None else replace(had, dark_at=at)
        elif had.counted:
            ended.append(had)
    counted = tuple(e for e in entries.values() if e.dark_at is None and e.counts_at <= at)
    kept = {**entries, **{e.key: replace(e, counted=True) for e in counted}}
    outcome = Reckoning(
        book=Book(entries=kept),
        begun=tuple(e for e in counted if not e.counted),
        ended=tuple(ended),
        holds_until=min(
            (end for e in entries.values() for end in _ends(e) if end > at), default=inf
        ),
    )
    return _with_remedies(outcome, counted, facts) if policy.act and told else outcome


def to_ask(book: Book, now: float) -> Iterator[str]:
    """Agents that are not listed, and of which Jenkins must say that it has no node before they go.

    Jenkins drops a computer of no executors from its list, and the builds on it go on.
    """
    for entry in book.entries.values():
        if entry.due_at <= now and entry.finding.kind in UNLISTED:
            yield entry.finding.subject


def _entry(book: Book, finding: Finding, facts: Facts, boot: float, policy: LedgerPolicy) -> Entry:
    """The entry of a finding: as it was, moved on by the dark, or new."""
    at, key = facts.snapshot.at, (finding.kind, finding.subject)
    had = book.entries.get(key)
    if finding.since is not None:
        since = finding.since
    elif had is None:
        since = at
    else:
        dark = 0.0 if had.dark_at is None else max(0.0, at - had.dark_at)
        since = min(had.since + dark, at)
    patience = LEDGER[finding.kind].patience(boot, policy)
    since = max(since, finding.heard_at)
    counts_at = since + patience
    if had is None and finding.kind in UNLISTED:
        counts_at = max(counts_at, at + ROUNDING_SECONDS)  # Jenkins is asked before.
    due_at = max(counts_at, since + _waited(finding, facts, policy))
    if due_at > counts_at and not finding.held:
        waits = f"since nobody registers, it is waited for {due_at - since:.0f} s"
        finding = replace(finding, held=waits if due_at > at else "")
    return Entry(
        finding=finding,
        since=since,
        counts_at=counts_at,
        due_at=due_at,
        counted=had is not None and had.counted,
    )


def _waited(finding: Finding, facts: Facts, policy: LedgerPolicy) -> float:
    """How long an instance is let boot where the last that was given up has doubled that."""
    if finding.kind is not Disagreement.NEVER_REGISTERED:
        return 0.0
    return LEDGER[finding.kind].patience(facts.patience.get(finding.pool, 0.0), policy)


def _ends(entry: Entry) -> tuple[float, float]:
    return entry.counts_at, entry.due_at


def _online(entry: Entry, facts: Facts) -> bool:
    """Its node is seen online, even by a look that tells nothing else of it: it is not missed."""
    jenkins = facts.snapshot.jenkins
    node = jenkins.nodes.get(entry.finding.subject) if jenkins else None
    return node is not None and not node.offline


def _unseen(entry: Entry, facts: Facts, lit: Collection[str]) -> bool:
    """This look could not tell whether it is still so."""
    finding, jenkins = entry.finding, facts.snapshot.jenkins
    if finding.pool not in lit:
        return True
    if finding.kind not in STRANGERS:
        return False
    if len(lit) < len(facts.pools):
        return True
    node = jenkins.nodes.get(finding.subject) if jenkins else None
    asked = finding.subject in facts.snapshot.states or facts.member(finding.subject) is not None
    return finding.kind is not Disagreement.OUTSIDE_GROUP and bool(
        node is not None and node.offline and not asked
    )


def _with_remedies(outcome: Reckoning, counted: Collection[Entry], facts: Facts) -> Reckoning:
    """With what is to be done about those whose time is over."""
    back = tuple(_back(facts))
    if not counted and not back:
        return outcome
    lost: dict[str, float] = {}
    own: dict[str, Cause] = {}
    effects: list[tuple[Effect, str]] = []
    steps = {pool.name: pool.policy.max_step for pool in facts.pools}
    for entry in counted:
        finding, rule = entry.finding, LEDGER[entry.finding.kind]
        cause = CAUSES.get(rule.remedy)
        if finding.held:
            continue
        if finding.effect is not None:
            effects.append((finding.effect, f"{finding.kind}: {rule.means}"))
        elif cause is not None and _room(finding, steps, facts):
            if cause is Cause.LOST:
                lost[finding.subject] = entry.since
            if finding.subject not in facts.drains:
                own[finding.subject] = cause
    return replace(outcome, lost=lost, own=own, recall=back, effects=tuple(effects))


def _room(finding: Finding, steps: dict[str, int], facts: Facts) -> bool:
    """No more than `max_step` agents of a pool begin to leave in one tick."""
    if finding.subject in facts.drains:
        return True
    steps[finding.pool] -= 1
    return steps[finding.pool] >= 0


def _back(facts: Facts) -> Iterator[str]:
    """Agents that were given up, and are online again before AWS was asked to end them."""
    nodes = facts.snapshot.jenkins.nodes if facts.snapshot.jenkins else {}
    for name, drain in facts.drains.items():
        node, member = nodes.get(name), facts.member(name)
        online = node is not None and not node.offline
        if online and member is not None and _returnable(drain, member[2]):
            yield name


def _returnable(drain: Drain, instance: Instance) -> bool:
    """It is in service: what waits at its hook leaves, though an earlier run asked for that."""
    in_service = instance.lifecycle is Lifecycle.IN_SERVICE
    ours = drain.cause is Cause.LOST and drain.asked_at == 0
    return in_service and ours and drain.state in REVOCABLE


def meters(book: Book, pools: Iterable[str], now: float) -> Iterator[Meter]:
    """`Disagreements` of each pool and kind that counts, and of all; the age of the oldest."""
    counted = [entry for entry in book.entries.values() if entry.counted]
    for pool in pools:
        own = [entry for entry in counted if entry.finding.pool == pool]
        oldest = max((now - entry.since for entry in own), default=0.0)
        yield Meter(name="Disagreements", value=len(own), unit="Count", pool=pool)
        yield Meter(name="DisagreementAge", value=max(0.0, oldest), unit="Seconds", pool=pool)
        for kind in Disagreement:
            number = sum(entry.finding.kind is kind for entry in own)
            if number:
                name = "Disagreements"
                yield Meter(name=name, value=number, unit="Count", pool=pool, kind=kind)
