"""How a wave's new agents do: launched, registered, failed.

An agent of the new version is judged once.
It has registered when it was seen online; whatever becomes of it after that is no failing of its
image.
It has failed when it is gone, or late, and was never online; one that EC2 takes back before counts
for nothing.
While Jenkins cannot be believed nobody is judged, and the time of that is nobody's lateness.

What must outlive a restart is in `Standing.memory`: the ends of the ids of the agents that are
judged, and of those that boot.  Ends are enough to tell some hundred agents apart, and SSM keeps
4 KiB of a record.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from statistics import median
from typing import Any

from workhorse.core.drain import Cause
from workhorse.core.model import Instance
from workhorse.core.orders import Awaited, RolloutPolicy, Standing
from workhorse.core.rollout_facts import Facts

WAVE_AT = "wave_at"
"""Key of the memory: when this wave began; not there before the first."""
BOOTING = "booting"
JUDGED = "judged"
BOOTS = "boots"
EMPTIED_AT = "emptied_at"
"""Key of the memory: when this wave's old agents were gone; not there before."""
BLIND = "blind"
SIGHTED_AT = "sighted_at"
"""Key of the memory: when the last blindness ended."""

END_OF_ID = 6
"""Characters kept of an instance id: 24 bits tell some hundred agents of one wave apart."""
BOOTS_KEPT = 32
SLACK_SECONDS = 10.0
"""A launch is of this wave when EC2's whole seconds put it so little before."""


def new_wave(standing: Standing, now: float) -> Standing:
    """The standing as a wave begins: who boots is of this wave, who was judged is of the last."""
    memory = {**standing.memory, WAVE_AT: now, JUDGED: "", BOOTS: []}
    memory.pop(EMPTIED_AT, None)
    booting = len(_ends(memory, BOOTING))
    return replace(
        standing, memory=memory, launched=booting, registered=0, failed=0, boot_seconds=None
    )


def emptied(standing: Standing, now: float) -> Standing:
    """With the time at which its old agents were first seen gone."""
    if EMPTIED_AT in standing.memory:
        return standing
    return replace(standing, memory={**standing.memory, EMPTIED_AT: now})


def in_place_boot(standing: Standing, facts: Facts) -> bool:
    """An agent boots that was launched before the old ones were gone: in their place.

    Those that come later are launched by demand; a busy pool may never be without one.
    """
    until = standing.memory.get(EMPTIED_AT, facts.now)
    return any(one.since is None or one.since <= until for one in booting(standing, facts))


def untried(standing: Standing, facts: Facts) -> bool:
    """No new agent of the wave has come online yet, and one boots.

    However busy the pool is, that ends with the first that comes, or fails.
    """
    return standing.registered == 0 and any(booting(standing, facts))


def sighted(standing: Standing, facts: Facts) -> Standing:
    """With what is to be remembered of blindness."""
    memory = dict(standing.memory)
    if facts.blind == bool(memory.pop(BLIND, False)):
        return standing
    memory |= {BLIND: True} if facts.blind else {SIGHTED_AT: facts.now}
    return replace(standing, memory=memory)


def late(standing: Standing, facts: Facts, since: float, seconds: float) -> bool:
    """So long have we had to see it, and did not."""
    sight: float = standing.memory.get(SIGHTED_AT, since)
    return facts.now - max(since, sight) > seconds


def judged(standing: Standing, facts: Facts) -> Standing:
    """With every new agent of the wave judged as far as it can be; the facts are not blind."""
    memory = standing.memory
    if WAVE_AT not in memory:
        return standing
    had, done, taken = _ends(memory, BOOTING), _ends(memory, JUDGED), _taken_back(facts)
    booting: set[str] = set()
    boots: list[int] = list(memory[BOOTS])
    registered, failed = standing.registered, standing.failed
    for instance in facts.fresh:
        end = _end(instance.id)
        if end in done or not (end in had or _of_wave(instance, memory)):
            continue
        if facts.online(instance.id):
            registered += 1
            done |= {end}
            boots += _boot(instance, facts)
        elif end in taken:
            continue
        elif late(standing, facts, _absent_since(instance, facts), facts.late_seconds):
            failed += 1
            done |= {end}
        else:
            booting.add(end)
    present = {_end(i.id) for i in (facts.group.instances if facts.group else ())}
    failed += len(had - done - booting - taken - _unseen(standing, facts))
    boots = boots[-BOOTS_KEPT:]
    kept = {BOOTING: _joined(booting), JUDGED: _joined(done & present), BOOTS: boots}
    return replace(
        standing,
        launched=registered + failed + len(booting),
        registered=registered,
        failed=failed,
        boot_seconds=median(boots) if boots else None,
        memory={**memory, **kept},
    )


def unhealthy(standing: Standing, policy: RolloutPolicy) -> str:
    """Why the breaker trips; empty when it does not."""
    launched, failed = standing.launched, standing.failed
    if not failed or (launched > 1 and failed * 100 <= policy.max_failed * launched):
        return ""
    may = f"{policy.max_failed:g} % of them may"
    return f"{failed} of {launched} new agents did not come online, and {may}"


def booting(standing: Standing, facts: Facts) -> Iterator[Awaited]:
    """The new agents that are not judged yet."""
    ends = _ends(standing.memory, BOOTING)
    for instance in facts.fresh:
        if _end(instance.id) in ends:
            yield Awaited(instance=instance.id, since=instance.launched_at, because="boots")


def _of_wave(instance: Instance, memory: Mapping[str, Any]) -> bool:
    launched = instance.launched_at
    return launched is None or launched >= memory[WAVE_AT] - SLACK_SECONDS


def _absent_since(instance: Instance, facts: Facts) -> float:
    absent = facts.survey.times.absent_since if facts.survey else {}
    return absent.get(instance.id, facts.now)


def _boot(instance: Instance, facts: Facts) -> Iterable[int]:
    launched = instance.launched_at
    return () if launched is None else (round(max(0.0, facts.now - launched)),)


def _taken_back(facts: Facts) -> set[str]:
    """Whom EC2 takes back: the image has no part in that."""
    taken = {Cause.SPOT, Cause.REBALANCE}
    return {_end(d.instance) for d in facts.drains.values() if d.cause in taken}


def _unseen(standing: Standing, facts: Facts) -> set[str]:
    """Who has a node, and may have been online while we were blind in this wave."""
    memory = standing.memory
    if memory.get(SIGHTED_AT, 0.0) < memory[WAVE_AT]:
        return set()
    return {_end(name) for name in facts.nodes}


def _end(instance: str) -> str:
    return instance[-END_OF_ID:]


def _ends(memory: Mapping[str, Any], key: str) -> set[str]:
    return set(str(memory.get(key, "")).split())


def _joined(ends: Iterable[str]) -> str:
    return " ".join(sorted(ends))
