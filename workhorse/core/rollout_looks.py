"""What a look at a rollout shows, named with one event: a ladder for every state.

Each ladder begins with what must be known, then with what must not go on, then with what is next.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workhorse.core.budgets import room
from workhorse.core.canary import look_at_canary, look_at_smoke
from workhorse.core.canary_end import is_left
from workhorse.core.health import WAVE_AT, in_place_boot, unhealthy, untried
from workhorse.core.orders import Command, Refresh, RefreshStatus, Standing, Strategy
from workhorse.core.rollout import OVER, RolloutEvent, RolloutState
from workhorse.core.rollout_facts import Facts
from workhorse.core.waves import choice, choice_back, kept, returned

TRIPPED = "tripped"
"""Key of the memory: why the breaker tripped; not there while it did not."""
REFRESHED = "refreshed"
"""Key of the memory: Auto Scaling has replaced the agents of this rollout."""
REFRESH_BEFORE = "refresh_before"
"""Key of the memory: id of the newest instance refresh before ours, empty for none."""

SHOWN = 5
"""How many instances a reason names."""

S, E = RolloutState, RolloutEvent

REFRESH_ENDED = frozenset({RefreshStatus.SUCCESSFUL, RefreshStatus.FAILED, RefreshStatus.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The event, why in more words than the table has, and who is to leave."""

    event: RolloutEvent
    because: str = ""
    retire: tuple[str, ...] = ()


def look(standing: Standing, facts: Facts) -> Seen:
    """What the facts show of a rollout whose standing was noted."""
    state = RolloutState(standing.state)
    if state in OVER:
        return Seen(event=E.CLOSE_DUE, because=standing.because)
    if state is not S.ROLLING_BACK:
        if facts.order.command is Command.ROLL_BACK:
            return Seen(event=E.ROLL_BACK_ASKED)
        if facts.order.command is Command.HALT and state is not S.HALTED:
            return Seen(event=E.HALT_ASKED)
    return _LOOKS[state](standing, facts)


def our_refresh(standing: Standing, facts: Facts) -> Refresh | None:
    """The instance refresh that this rollout began; None when it began none, or it is unread."""
    if REFRESH_BEFORE not in standing.memory:
        return None
    before = standing.memory[REFRESH_BEFORE]
    return next((one for one in facts.refreshes or () if one.id != before), None)


def refresh_runs(standing: Standing, facts: Facts) -> bool:
    """Our instance refresh has not ended."""
    found = our_refresh(standing, facts)
    return found is not None and found.status not in REFRESH_ENDED


def is_emptied(standing: Standing, facts: Facts) -> bool:
    """The agents that this wave had leave are gone."""
    if standing.state == S.REFRESHING:
        refresh = our_refresh(standing, facts)
        return refresh is not None and refresh.status is RefreshStatus.SUCCESSFUL
    return standing.state == S.WAVE and len(facts.old) <= kept(standing, facts.policy)


def _unknown(facts: Facts) -> Seen:
    told = facts.trouble or "Jenkins or AWS cannot be read, or not be trusted yet"
    if not facts.names_group:
        told = f"it was ordered for group {facts.order.group}, the pool's is {facts.pool.group}"
    return Seen(event=E.SEEN_UNKNOWN, because=told)


def _with_trouble(event: RolloutEvent, facts: Facts) -> Seen:
    """What was asked for does not show: why, when we were told."""
    return Seen(event=event, because=facts.trouble)


def _ordered(_: Standing, facts: Facts) -> Seen:
    if facts.blind:
        return _unknown(facts)
    return Seen(event=E.UNTRIED if facts.order.canary else E.TRUSTED)


def _canary(standing: Standing, facts: Facts) -> Seen:
    if facts.blind:
        return _unknown(facts)
    event = look_at_canary(standing, facts)
    return _with_trouble(event, facts) if event is E.CANARY_ABSENT else Seen(event=event)


def _smoke(standing: Standing, facts: Facts) -> Seen:
    if facts.blind:
        return _unknown(facts)
    event = look_at_smoke(standing, facts)
    if event is E.SMOKE_FAILED and standing.smoke:
        return Seen(event=event, because=f"the canary failed the smoke job: {standing.smoke}")
    return _with_trouble(event, facts) if event is E.SMOKE_ABSENT else Seen(event=event)


def _watched(standing: Standing, facts: Facts) -> Seen | None:
    """What ends a state in which the group may launch the new version; None to look on."""
    if facts.blind:
        return _unknown(facts)
    if because := unhealthy(standing, facts.policy):
        return Seen(event=E.HEALTH_FAILED, because=because)
    return None


def _wave(standing: Standing, facts: Facts) -> Seen:  # noqa: PLR0911 - a ladder of conditions, an event each
    if (found := _watched(standing, facts)) is not None:
        return found
    if facts.order.strategy is Strategy.REFRESH and REFRESHED not in standing.memory:
        return _unknown(facts) if facts.refreshes is None else Seen(event=E.REFRESH_CHOSEN)
    if facts.group is None or facts.group.template_version != facts.order.target:
        return _with_trouble(E.VERSION_ABSENT, facts)
    next_ones = choice(standing, facts)
    if next_ones.retire:
        return _due(next_ones.retire)
    if is_emptied(standing, facts) and not in_place_boot(standing, facts):
        return Seen(event=E.WAVE_OVER)
    if next_ones.because:
        return Seen(event=E.AGENTS_HELD, because=next_ones.because)
    return Seen(event=E.AGENTS_AWAITED)


def _due(retire: tuple[str, ...]) -> Seen:
    more = f" and {len(retire) - SHOWN} more" if len(retire) > SHOWN else ""
    because = f"asked to leave: {', '.join(retire[:SHOWN])}{more}"
    return Seen(event=E.AGENTS_DUE, because=because, retire=retire)


def _refreshing(standing: Standing, facts: Facts) -> Seen:  # noqa: PLR0911 - a ladder of conditions, an event each
    if (found := _watched(standing, facts)) is not None:
        return found
    if facts.refreshes is None:
        return _unknown(facts)
    refresh = our_refresh(standing, facts)
    if refresh is None:
        space = room(facts)
        if not space.agents:
            return Seen(event=E.AGENTS_HELD, because=space.because)
        return _with_trouble(E.REFRESH_ABSENT, facts)
    if refresh.status is RefreshStatus.SUCCESSFUL:
        boots = in_place_boot(standing, facts)
        return Seen(event=E.REFRESH_RUNNING if boots else E.REFRESH_SUCCEEDED)
    if refresh.status not in REFRESH_ENDED:
        return Seen(event=E.REFRESH_RUNNING)
    told = f"the instance refresh is {refresh.status}: {refresh.reason or 'nobody says why'}"
    # We cancel only when halted or in a roll back: another hand did, and the image did nothing.
    cancelled = refresh.status is RefreshStatus.CANCELLED
    return Seen(event=E.ROLL_BACK_ASKED if cancelled else E.REFRESH_FAILED, because=told)


def _baking(standing: Standing, facts: Facts) -> Seen:
    if (found := _watched(standing, facts)) is not None:
        return found
    if facts.now - standing.since < facts.policy.bake_seconds:
        return Seen(event=E.BAKE_RUNNING)
    if facts.old:
        return Seen(event=E.NEXT_WAVE_DUE)
    if untried(standing, facts):
        return Seen(event=E.BAKE_RUNNING)
    return Seen(event=E.CANARY_LEFT if is_left(standing, facts) else E.ALL_REPLACED)


def _halted(standing: Standing, facts: Facts) -> Seen:
    if facts.order.command is Command.GO:
        begun = WAVE_AT in standing.memory
        return Seen(event=E.RESUMED if begun else E.RESUMED_UNTRIED)
    return _watched(standing, facts) or Seen(event=E.HALT_ASKED)


def _rolling_back(standing: Standing, facts: Facts) -> Seen:
    """The group's version needs Auto Scaling alone; the rest is done when all is seen."""
    tripped = str(standing.memory.get(TRIPPED, ""))
    if REFRESH_BEFORE in standing.memory and facts.refreshes is None:
        return _unknown(facts)
    if refresh_runs(standing, facts):
        return Seen(event=E.REFRESH_RUNNING, because=tripped)
    if facts.group is None:
        return _unknown(facts)
    if facts.group.template_version != facts.order.previous:
        return Seen(event=E.VERSION_ABSENT, because=facts.trouble or tripped)
    return _unknown(facts) if facts.blind else _undoing(standing, facts, tripped)


def _undoing(standing: Standing, facts: Facts, tripped: str) -> Seen:
    next_ones = choice_back(facts)
    if next_ones.retire:
        return _due(next_ones.retire)
    if facts.fresh:
        event = E.AGENTS_HELD if next_ones.because else E.AGENTS_AWAITED
        return Seen(event=event, because=next_ones.because or tripped)
    if not returned(facts):
        return Seen(event=E.AGENTS_AWAITED, because=tripped or "agents come back to work")
    if is_left(standing, facts):
        return Seen(event=E.CANARY_LEFT, because=tripped)
    return Seen(event=E.UNDONE_FAILED if tripped else E.UNDONE, because=tripped)


_LOOKS: Mapping[RolloutState, Callable[[Standing, Facts], Seen]] = {
    S.ORDERED: _ordered,
    S.CANARY_ASKED: _canary,
    S.CANARY: _canary,
    S.SMOKE: _smoke,
    S.WAVE: _wave,
    S.REFRESHING: _refreshing,
    S.BAKING: _baking,
    S.HALTED: _halted,
    S.ROLLING_BACK: _rolling_back,
}
