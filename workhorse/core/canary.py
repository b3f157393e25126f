"""The canary of a rollout, while it is tried: what is seen of it, and of its smoke job.

It is an instance beside the group, of the new version, whose agent registers under a label of its
own: no build finds it but the smoke job's.
"""

from workhorse.core.boots import BOOT_SHARE, expected_boot
from workhorse.core.health import SIGHTED_AT, late
from workhorse.core.jobs import CANARY_LABEL
from workhorse.core.orders import Canary, JobRun, Standing
from workhorse.core.rollout import RolloutEvent, RolloutState
from workhorse.core.rollout_facts import Facts

GRACE_SECONDS = 30.0
"""What a canary is given beyond the learned boots.

Of a hundred good boots one takes longer than the 99 that were learned from, and what is learned
ends with a look that may come a tick sooner than the canary's.
"""

CUT = "cut"
"""Key of the memory: path of the smoke build that Jenkins' restart cut short."""

SMOKED_AT = "smoked_at"
"""Key of the memory: when the smoke job was first due; anew after one that was cut short."""

SUCCESS = "SUCCESS"
"""Jenkins' result of a run that went well."""


def canary_label(pool: str) -> str:
    """The label of the pool's canaries, which the smoke job asks for."""
    return f"{CANARY_LABEL}{pool}"


def canary_seconds(facts: Facts) -> float:
    """How long the canary may take from its launch until it is online.

    What the policy says, else what was learned of this pool's boots, else what is expected of one.
    """
    if facts.policy.canary_seconds:
        return facts.policy.canary_seconds
    learned = facts.learned.boot(BOOT_SHARE)
    if learned is None:
        return expected_boot(facts.pool.policy, facts.learned)
    return learned + GRACE_SECONDS


def canary_of(facts: Facts) -> Canary | None:
    """The canary of this order, if EC2 shows it alive."""
    return next((c for c in facts.canaries or () if c.order == facts.order.id), None)


def look_at_canary(standing: Standing, facts: Facts) -> RolloutEvent:
    """What is seen of the canary; the facts are not blind."""
    if facts.canaries is None:
        return RolloutEvent.SEEN_UNKNOWN
    found = canary_of(facts)
    asked = standing.state == RolloutState.CANARY_ASKED
    if found is None:
        return _unseen(facts) if asked else RolloutEvent.CANARY_GONE
    if asked:
        return RolloutEvent.CANARY_BOOTING
    if facts.online(found.instance):
        return RolloutEvent.CANARY_ONLINE
    if late(standing, facts, found.launched_at, canary_seconds(facts)):
        return RolloutEvent.CANARY_LATE
    return RolloutEvent.CANARY_BOOTING


def _unseen(facts: Facts) -> RolloutEvent:
    """EC2 took the request and shows nothing of it: what dies at birth is no good image.

    A request that EC2 does not take is no failing of the image, and is made again.
    """
    asked_at = facts.asked_at
    over = asked_at is not None and facts.now - asked_at > canary_seconds(facts)
    return RolloutEvent.CANARY_LATE if over else RolloutEvent.CANARY_ABSENT


def look_at_smoke(standing: Standing, facts: Facts) -> RolloutEvent:  # noqa: PLR0911 - a ladder of conditions, an event each
    """What is seen of the smoke job's run; the facts are not blind."""
    if not facts.policy.smoke_job:
        return RolloutEvent.SMOKE_PASSED
    if facts.runs is None or facts.canaries is None:
        return RolloutEvent.SEEN_UNKNOWN
    run = smoke_of(standing, facts)
    if run is not None and run.result is not None:
        return _result(run, standing)
    if canary_of(facts) is None:
        return RolloutEvent.CANARY_GONE
    if run is None:
        return RolloutEvent.SMOKE_ABSENT
    if late(standing, facts, standing.since, facts.policy.smoke_seconds):
        return RolloutEvent.SMOKE_LATE
    return RolloutEvent.SMOKE_RUNNING


def _result(run: JobRun, standing: Standing) -> RolloutEvent:
    """A restart of Jenkins ends its builds: what failed across one is no word on the image."""
    if run.result == SUCCESS:
        return RolloutEvent.SMOKE_PASSED
    begun = standing.memory.get(SMOKED_AT, standing.since)
    cut = standing.memory.get(SIGHTED_AT, 0.0) > begun
    return RolloutEvent.SMOKE_CUT if cut else RolloutEvent.SMOKE_FAILED


def smoke_of(standing: Standing, facts: Facts) -> JobRun | None:
    """The newest run of the smoke job for this order; not one that was cut short."""
    cut = standing.memory.get(CUT)
    return next((run for run in facts.runs or () if not cut or run.path != cut), None)
