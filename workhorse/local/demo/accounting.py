"""From evidence to figures. Pure: the cloud, Jenkins and the journal were read before.

What counts is what Jenkins says of builds and AWS of instances. The journal is asked for one figure
only, recalled drains, which neither of the two can know.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workhorse.local.demo.caches import Caches, caches
from workhorse.local.demo.facts import RUTHLESS, Build, Evidence, Hand, Happening, Remains
from workhorse.local.demo.joining import Joining, joining
from workhorse.local.demo.scaling import ScaleUp, scale_ups

GOOD = "SUCCESS"
"""The only result that a build of the demo has when it is left alone."""

DYING_SECONDS = 900.0
"""How long before a build's end its instance may have been ended by EC2 for the one to have caused
the other: a spot warning is two minutes old, and Jenkins' pings take minutes to notice."""


DELETING_SECONDS = 120.0
"""How far a build's end may be from the deletion of its node that caused it: two real seconds of a
fast clock between our look at an idle agent and Jenkins' loss of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A build that did not end well, and what ended it."""

    build: str
    node: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Termination hooks by what became of them; `lost` ran out or was never completed."""

    received: int
    completed: int
    lost: tuple[str, ...] = ()
    """Instances whose hook nobody completed."""
    cut_short: int = 0
    """Waits that EC2 ended by ending the instance, past the hook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The figures of one demo. Times are virtual seconds, unless the name says hours."""

    began: float
    ended: float
    asked: int
    run: int
    killed: tuple[Loss, ...]
    outside: tuple[Loss, ...]
    """Lost to an outside hand that gives no hook a say."""
    unfinished: tuple[str, ...]
    waits: tuple[float, ...]
    """Seconds in the queue of each build that started, shortest first."""
    instances: int
    peak: int
    """Most instances at one time."""
    instance_hours: float
    fixed_hours: float
    """What as many instances as the peak cost from the beginning to the end."""
    scale_ups: tuple[ScaleUp, ...]
    hooks: Hooks
    recalled: int
    deeds: Mapping[str, int]
    remains: Remains
    joining: Joining
    caches: Caches
    boots: tuple[float, ...] = ()
    """Seconds from the launch of each instance to its agent's first connection, shortest first."""

    @property
    def clean(self) -> bool:
        """No build killed or left unfinished, no hook lost, nothing leaked, warm volumes reused.

        And every agent came by the gateway and held no right in Jenkins.
        """
        came = self.joining
        joined_badly = came.strangers or came.exposed or came.lost or self.caches.missed
        lost = self.killed or self.unfinished or self.hooks.lost or self.remains
        return not (lost or joined_badly)


def account(evidence: Evidence) -> Account:
    """Add up the evidence of one demo."""
    losses = [build for build in evidence.builds if build.ended is not None and _bad(build)]
    excused = _excused(evidence)
    killed: list[Loss] = []
    outside: list[Loss] = []
    for build in losses:
        (outside if excused(build) else killed).append(_loss(build))
    spans = lifetimes(evidence.happenings, evidence.ended)
    peak = most_at_once(list(spans.values()))
    return Account(
        began=evidence.began,
        ended=evidence.ended,
        asked=evidence.asked,
        run=sum(1 for build in evidence.builds if build.result == GOOD),
        killed=tuple(killed),
        outside=tuple(outside),
        unfinished=_unfinished(evidence),
        waits=tuple(sorted(b.started - b.queued for b in evidence.builds if b.started is not None)),
        instances=len(spans),
        peak=peak,
        instance_hours=sum(end - begin for begin, end in spans.values()) / 3600,
        fixed_hours=peak * (evidence.ended - evidence.began) / 3600,
        scale_ups=scale_ups(evidence),
        hooks=hooks(evidence.happenings),
        recalled=recalls(evidence.journal),
        deeds=dict(Counter(deed.hand.value for deed in evidence.deeds)),
        remains=evidence.remains,
        joining=joining(evidence),
        caches=caches(evidence),
        boots=tuple(
            sorted(
                evidence.comings[name] - begin
                for name, (begin, _end) in spans.items()
                if name in evidence.comings
            )
        ),
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of values in rising order; 0 when there are none."""
    if not ordered:
        return 0.0
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def lifetimes(happenings: Sequence[Happening], until: float) -> dict[str, tuple[float, float]]:
    """Of each instance that a group launched: when it was launched, and when EC2 said it ended."""
    begins = {h.instance: h.at for h in happenings if h.kind == "member.launched"}
    ends: dict[str, float] = {}
    for happening in happenings:
        if happening.kind in {"instance.shutting-down", "instance.terminated"}:
            ends.setdefault(happening.instance, happening.at)
    return {name: (begin, ends.get(name, until)) for name, begin in begins.items()}


def most_at_once(spans: Sequence[tuple[float, float]]) -> int:
    """The largest number of spans that overlap; one that ends as another begins does not."""
    steps = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    present = most = 0
    for _at, step in steps:
        present += step
        most = max(most, present)
    return most


def hooks(happenings: Sequence[Happening]) -> Hooks:
    """What became of each wait at a termination hook, told apart by its token."""
    begun = {
        str(h.detail.get("token")): h.instance
        for h in happenings
        if h.kind == "hook.begun" and str(h.detail.get("transition", "")).endswith("TERMINATING")
    }
    done = {str(h.detail.get("token")) for h in happenings if h.kind == "hook.completed"}
    late = {str(h.detail.get("token")) for h in happenings if h.kind == "hook.timed-out"}
    gone = {h.instance for h in happenings if h.kind == "instance.terminated"}
    open_ = {token: name for token, name in begun.items() if token not in done}
    lost = sorted(name for token, name in open_.items() if token in late or name not in gone)
    return Hooks(
        received=len(begun),
        completed=len(begun) - len(open_),
        lost=tuple(lost),
        cut_short=len(open_) - len(lost),
    )


def recalls(journal: Sequence[Mapping[str, Any]]) -> int:
    """How often a cordoned node was given back, by the effects the journal holds.

    Both effects may be written more than once until Jenkins shows them: a recall counts when a
    cordon of the same node came before it, and once.
    """
    cordoned: set[object] = set()
    count = 0
    for record in journal:
        if record.get("kind") != "effect":
            continue
        if record.get("effect") == "Cordon":
            cordoned.add(record.get("node"))
        elif record.get("effect") == "Recall" and record.get("node") in cordoned:
            cordoned.discard(record.get("node"))
            count += 1
    return count


def _bad(build: Build) -> bool:
    return build.result != GOOD


def _loss(build: Build) -> Loss:
    return Loss(build=build.name, node=build.node, why=build.cause or build.result)


def _unfinished(evidence: Evidence) -> tuple[str, ...]:
    """Builds that began and have no end, and those that were asked for and are nowhere."""
    open_ = [build.name for build in evidence.builds if build.ended is None]
    missing = evidence.asked - len(evidence.builds)
    return (*open_, *(["asked for and not found in Jenkins"] * missing))


def _excused(evidence: Evidence) -> "_Excuse":
    """Who died of an outsider: a hook completed before that death was our doing, one after it not.

    Auto Scaling runs the termination hook for an instance that EC2 has ended already, too.
    """
    deaths = {h.instance: h.at for h in evidence.happenings if h.kind == "instance.shutting-down"}
    let_go = {
        h.instance
        for h in evidence.happenings
        if h.kind == "hook.completed" and h.at <= deaths.get(h.instance, float("inf"))
    }
    ruthless = {
        deed.target: deaths[deed.target]
        for deed in evidence.deeds
        if deed.hand in RUTHLESS and deed.target in deaths and deed.target not in let_go
    }
    deleted = {(d.target, d.at) for d in evidence.deeds if d.hand is Hand.NODE_DELETED}
    return _Excuse(ruthless=ruthless, deleted=frozenset(deleted))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Excuse:
    """Knows the instances that EC2 ended on an outsider's order, and not through our hook."""

    ruthless: Mapping[str, float]
    deleted: frozenset[tuple[str, float]]
    """Nodes that an outsider deleted, and when: a build may have begun there at that moment."""

    def __call__(self, build: Build) -> bool:
        if build.ended is None:
            return False
        if any(
            name == build.node and abs(build.ended - at) <= DELETING_SECONDS
            for name, at in self.deleted
        ):
            return True
        death = self.ruthless.get(build.node)
        return death is not None and -1.0 <= build.ended - death <= DYING_SECONDS
