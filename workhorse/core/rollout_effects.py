"""What the actions of the rollout table are: effects with names."""

from collections.abc import Callable, Mapping

from workhorse.core.budgets import percent_now
from workhorse.core.canary import canary_label
from workhorse.core.canary_end import remains
from workhorse.core.drain import REVOCABLE
from workhorse.core.effects import (
    CancelRefresh,
    CloseOrder,
    CondemnImage,
    Effect,
    LaunchCanary,
    PromoteImage,
    RunJob,
    RunMatrix,
    StartRefresh,
    UseTemplateVersion,
)
from workhorse.core.orders import Standing, Strategy
from workhorse.core.rollout import RolloutAction
from workhorse.core.rollout_facts import Facts
from workhorse.core.rollout_looks import refresh_runs

A = RolloutAction
Effects = tuple[Effect, ...]


def reason(standing: Standing) -> str:
    """Why an effect is performed, as the journal and an image's tag have it."""
    return f"rollout {standing.order}: {standing.because}"


def smoke_parameters(facts: Facts) -> tuple[tuple[str, str], ...]:
    """What the smoke job is told, and its run is found by."""
    order = facts.order
    return (("POOL", order.pool), ("IMAGE", order.image), ("ORDER", order.id))


def effects_of(action: RolloutAction, standing: Standing, facts: Facts) -> Effects:
    """What an action does to the world, from the standing as it was told."""
    told = _EFFECTS.get(action)
    return told(standing, facts) if told else ()


def _launch(_: Standing, facts: Facts) -> Effects:
    order = facts.order
    label = canary_label(order.pool)
    return (LaunchCanary(group=order.group, version=order.target, order=order.id, label=label),)


def _smoke(_: Standing, facts: Facts) -> Effects:
    return (RunJob(job=facts.policy.smoke_job, parameters=smoke_parameters(facts)),)


def _target(_: Standing, facts: Facts) -> Effects:
    return (UseTemplateVersion(group=facts.order.group, version=facts.order.target),)


def _previous(_: Standing, facts: Facts) -> Effects:
    return (UseTemplateVersion(group=facts.order.group, version=facts.order.previous),)


def _matrix(_: Standing, facts: Facts) -> Effects:
    """The matrix job, where the cordon is confirmed and it was not asked for yet.

    Without a node it is asked for when a node that it was asked for is no more: then what still
    waits for that node is cancelled. Whom no run ends the drain machine ends.
    """
    if facts.order.strategy is not Strategy.MATRIX:
        return ()
    cordoned = {agent.instance.id for agent in facts.cordoned} - facts.matrixed
    nodes = tuple(
        drain.instance
        for drain in facts.drains.values()
        if drain.instance in cordoned
        and drain.state in REVOCABLE
        and drain.confirmed_at is not None
    )
    if not nodes and facts.matrixed <= facts.nodes.keys():
        return ()
    return (RunMatrix(job=facts.policy.matrix_job, nodes=nodes, order=facts.order.id),)


def _start(_: Standing, facts: Facts) -> Effects:
    order = facts.order
    healthy = max(0, 100 - int(percent_now(facts.policy, facts.now)))
    return (StartRefresh(group=order.group, version=order.target, healthy_percent=healthy),)


def _cancel(standing: Standing, facts: Facts) -> Effects:
    return (CancelRefresh(group=facts.order.group),) if refresh_runs(standing, facts) else ()


def _promote(_: Standing, facts: Facts) -> Effects:
    order = facts.order
    return (PromoteImage(pool=order.pool, image=order.image),) if order.image else ()


def _condemn(standing: Standing, facts: Facts) -> Effects:
    order = facts.order
    if not order.image:
        return ()
    return (CondemnImage(pool=order.pool, image=order.image, because=reason(standing)),)


def _close(_: Standing, facts: Facts) -> Effects:
    return (CloseOrder(pool=facts.order.pool, order=facts.order.id),)


_EFFECTS: Mapping[RolloutAction, Callable[[Standing, Facts], Effects]] = {
    A.LAUNCH_CANARY: _launch,
    A.RUN_SMOKE: _smoke,
    A.TIDY: remains,
    A.USE_TARGET: _target,
    A.USE_PREVIOUS: _previous,
    A.RUN_MATRIX: _matrix,
    A.START_REFRESH: _start,
    A.CANCEL_REFRESH: _cancel,
    A.PROMOTE: _promote,
    A.CONDEMN: _condemn,
    A.CLOSE: _close,
}
"""The actions that are effects; who leaves and who comes back is told to the drain machine."""
