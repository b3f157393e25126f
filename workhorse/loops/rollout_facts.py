"""Asking what a look at a rollout must know, and nothing that its state does not."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from workhorse.core.drain import Drain
from workhorse.core.errors import Surprise
from workhorse.core.model import Pool, Snapshot
from workhorse.core.orders import Canary, JobRun, Order, Refresh, RolloutPolicy, Standing, Strategy
from workhorse.core.rollout import OVER, RolloutState
from workhorse.core.rollout_effects import smoke_parameters
from workhorse.core.rollout_facts import Facts
from workhorse.loops.control import Wishes
from workhorse.loops.rollout_ports import Rolling


def first_facts(  # noqa: PLR0913, PLR0917 - what the loops know, by name
    order: Order,
    pool: Pool,
    policy: RolloutPolicy,
    snapshot: Snapshot,
    drains: Mapping[str, Drain],
    wishes: Wishes,
) -> Facts:
    """What the loops know of a rollout's pool already."""
    decision = next((d for d in wishes.decisions if d.pool == pool.name), None)
    facts = Facts(
        order=order,
        policy=policy,
        pool=pool,
        snapshot=snapshot,
        survey=decision.survey if decision else None,
        demand=wishes.placement.demands[pool.name] if wishes.placement else None,
        drains=drains,
    )
    return replace(facts, learned=decision.memory.learned) if decision else facts


class Gathering:
    """The facts of one rollout in one tick; each thing is asked for once.

    Args:
        rolling: who is asked.
        known: what needs no asking.
    """

    def __init__(self, rolling: Rolling, known: Facts) -> None:
        self._rolling = rolling
        self._known = known
        self._asked: set[str] = set()

    def facts(self, standing: Standing) -> Facts:
        """What the look at that standing must know."""
        order, state = self._known.order, standing.state
        if state in OVER:
            return self._known
        if order.canary:
            self._ask("canaries", self._canaries)
        if state == RolloutState.SMOKE and self._known.policy.smoke_job:
            self._ask("runs", self._runs)
        if order.strategy is Strategy.REFRESH:
            self._ask("refreshes", self._refreshes)
        return self._known

    def _ask(self, name: str, ask: Callable[[], tuple[object, ...]]) -> None:
        """Fill in that fact: None and the reason when it cannot be read."""
        if name in self._asked:
            return
        self._asked.add(name)
        answer: dict[str, Any]
        try:
            answer = {name: ask()}
        except Surprise as surprise:
            answer = {name: None, "trouble": str(surprise)}
        self._known = replace(self._known, **answer)

    def _canaries(self) -> tuple[Canary, ...]:
        return tuple(self._rolling.launcher.canaries(self._known.order.group))

    def _runs(self) -> tuple[JobRun, ...]:
        parameters = dict(smoke_parameters(self._known))
        run = self._rolling.jobs.newest(self._known.policy.smoke_job, parameters)
        return () if run is None else (run,)

    def _refreshes(self) -> tuple[Refresh, ...]:
        refresh = self._rolling.launcher.refresh(self._known.order.group)
        return () if refresh is None else (refresh,)
