"""Whom a rollout asks to leave next, and whom it waits for.

A wave lets the agents of older versions fall to a share of those that there were when the first
wave began.
Idle agents go first, the longest idle before the others; then those that are not online; then
those whose build is over soonest.
An agent that leaves for another cause counts as asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import floor, inf

from workhorse.core.budgets import Room, room, room_back
from workhorse.core.drain import REVOCABLE, Drain
from workhorse.core.health import booting
from workhorse.core.model import Instance, Lifecycle
from workhorse.core.orders import AWAITED_KEPT, Awaited, RolloutPolicy, Standing
from workhorse.core.rollout_facts import Facts
from workhorse.core.steady import withdrawable

_SHOWN = 3
"""How many instances one reason names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who is to leave now."""

    retire: tuple[str, ...] = ()
    due: int = 0
    """How many agents the wave still has to ask."""
    because: str = ""
    """Why not more of them; empty when nobody else is due."""


def shares(policy: RolloutPolicy) -> tuple[float, ...]:
    """The waves' shares in percent; the last is everybody."""
    return policy.waves if policy.waves[-1:] == (100,) else (*policy.waves, 100)


def last_wave(policy: RolloutPolicy) -> int:
    """The index of the last wave."""
    return len(shares(policy)) - 1


def kept(standing: Standing, policy: RolloutPolicy) -> int:
    """How many agents of older versions may be there when the wave is over."""
    share = shares(policy)[min(standing.wave, last_wave(policy))]
    return floor(round(standing.total * (100 - share) / 100, 6))


def choice(standing: Standing, facts: Facts) -> Choice:
    """Who is to leave in this wave, now; the facts are not blind."""
    unasked = [i for i in facts.old if i.id not in facts.leaving]
    return _chosen(unasked, len(unasked) - kept(standing, facts.policy), facts, room(facts))


def choice_back(facts: Facts) -> Choice:
    """Who is to leave in a roll back, now: the agents of the version that was ordered.

    Those that Jenkins has no node of never took a build: they are missed by nobody, and ask for no
    room.
    """
    unasked = [i for i in facts.fresh if i.id not in facts.leaving]
    there = [i for i in unasked if i.id in facts.nodes]
    found = _chosen(there, len(there), facts, room_back(facts))
    absent = [i for i in unasked if i.id not in facts.nodes and _may_leave(i)]
    more = tuple(i.id for i in absent)
    return replace(found, retire=found.retire + more, due=len(unasked))


def returning(facts: Facts, *, back: bool) -> tuple[str, ...]:
    """The rollout's drains to call back; in a roll back only those of agents that may stay."""
    return tuple(d.instance for d in _returnable(facts, back=back) if d.state in REVOCABLE)


def returned(facts: Facts) -> bool:
    """Nobody is on the way out for the rollout who may come back in a roll back, or comes back."""
    return not any(_returnable(facts, back=True))


def _returnable(facts: Facts, *, back: bool) -> Iterator[Drain]:
    members = facts.group.by_id if facts.group else {}
    for drain in facts.drains.values():
        member = members.get(drain.instance)
        stays = member is not None and not (back and member.template_version == facts.order.target)
        if stays and withdrawable(drain, member):
            yield drain


def _chosen(unasked: list[Instance], due: int, facts: Facts, space: Room) -> Choice:
    if due <= 0:
        return Choice()
    ready = [i for i in unasked if _may_leave(i)]
    most = min(due, space.agents, facts.pool.policy.max_step)
    first = sorted(ready, key=lambda i: _rank(i, facts))[: max(0, most)]
    because = ""
    if len(first) < due:
        because = space.because if len(first) < len(ready) else _held(unasked)
    return Choice(retire=tuple(i.id for i in first), due=due, because=because)


def _may_leave(instance: Instance) -> bool:
    return instance.lifecycle is Lifecycle.IN_SERVICE and not instance.protected


def _held(unasked: list[Instance]) -> str:
    held = sorted(i.id for i in unasked if i.protected)
    if not held:
        return "those that are left are being launched"
    more = f" and {len(held) - _SHOWN} more" if len(held) > _SHOWN else ""
    return f"protected from scale-in: {', '.join(held[:_SHOWN])}{more}"


def _rank(instance: Instance, facts: Facts) -> tuple[int, float, str]:
    since = facts.survey.times.idle_since if facts.survey else {}
    if instance.id in since:
        return 0, since[instance.id], instance.id
    if not facts.online(instance.id):
        return 1, instance.launched_at or 0.0, instance.id
    node = facts.nodes[instance.id]
    ends = [
        _end(Awaited(instance="", since=b.started_at, usual_seconds=b.estimated_seconds))
        for b in node.running
    ]
    return 2, max(ends, default=0.0), instance.id


def awaited(standing: Standing, facts: Facts, *, back: bool) -> tuple[Awaited, ...]:
    """The agents that are waited for, those with the longest builds first; some of them."""
    leaving = facts.fresh if back else facts.old
    found = [_leaving(i, facts) for i in leaving if i.id in facts.leaving]
    if not back:
        found += booting(standing, facts)
    found.sort(key=lambda one: (not one.build, -_end(one) if one.build else 0.0, one.instance))
    return tuple(found[:AWAITED_KEPT])


def _leaving(instance: Instance, facts: Facts) -> Awaited:
    node = facts.nodes.get(instance.id)
    for build in node.running if node else ():
        return Awaited(
            instance=instance.id,
            build=build.path,
            since=build.started_at,
            usual_seconds=build.estimated_seconds,
        )
    if instance.lifecycle.leaving:
        return Awaited(instance=instance.id, because="at its hook")
    because = "settles" if facts.online(instance.id) else "is offline"
    return Awaited(instance=instance.id, because=because)


def _end(one: Awaited) -> float:
    """When its build is over, as far as anybody can tell."""
    if one.since is None or one.usual_seconds is None:
        return inf
    return one.since + one.usual_seconds
