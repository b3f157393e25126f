"""The rollout machine: how every agent of a pool comes to be of one template version.

We run one machine for each order.
It is a table, and *level* driven like the drain machine: at every tick we look at the pool afresh,
name what we see with one event, and step.

ORDERED: somebody ordered it; nothing was done.
CANARY_ASKED: one instance of the new version shall run beside the group, under a label of its own.
CANARY: it runs, and has to come online at Jenkins before it is late.
SMOKE: it is online, and has to pass the smoke job, where there is one.
WAVE: the group launches the new version; a share of the old agents is given to the drain machine,
as many at once as the budgets allow, and we wait until they are gone.
REFRESHING: the same with `Strategy.REFRESH`: Auto Scaling replaces them, and the hook is ours.
BAKING: the wave's agents are gone; its new ones are watched for a while.
HALTED: somebody asked for a halt; whoever can still come back to work is called back.
ROLLING_BACK: the group launches the version before; the agents of the new one are drained.
DONE, FAILED, ROLLED_BACK: over. DONE: the image is promoted. FAILED: the breaker tripped, and the
image is condemned. ROLLED_BACK: somebody took it back, and the image stays what it was.

The one rule that makes it safe to stop at any instruction: a row that leads to another state does
nothing, and a row that does something stays where it is.
So a state is told, durably, before the first look that acts upon it; and what a look does is
idempotent and asked for again until it shows.
A controller that starts anew reads what was told, looks, and goes on.

The breaker trips on what a new agent should have done and did not: a canary that never came online
or did not pass, a wave of which too many never came online.
From then on the new version is launched no more: the group has its version before again at the next
look that can read the group, even when Jenkins cannot be read.
Whatever else is not known counts as no: blind, nobody is chosen, launched, judged or ended.

What is ugly: an agent of an old image that an operator protects from scale-in holds a rollout for
as long as that lasts, and a build of ten hours holds its wave for ten hours.
Both are told, with the instance; nothing is ended for being slow.
"""

from workhorse.core.machine import Row, Table
from workhorse.core.word import Word


class RolloutState(Word):
    """Where a rollout stands."""

    ORDERED = "ORDERED"
    CANARY_ASKED = "CANARY_ASKED"
    CANARY = "CANARY"
    SMOKE = "SMOKE"
    WAVE = "WAVE"
    REFRESHING = "REFRESHING"
    BAKING = "BAKING"
    HALTED = "HALTED"
    ROLLING_BACK = "ROLLING_BACK"
    DONE = "DONE"
    FAILED = "FAILED"
    ROLLED_BACK = "ROLLED_BACK"


OVER = frozenset({RolloutState.DONE, RolloutState.FAILED, RolloutState.ROLLED_BACK})
"""States in which nothing is left but to close the order."""

TRYING = frozenset({RolloutState.CANARY_ASKED, RolloutState.CANARY, RolloutState.SMOKE})
"""States in which the canary is needed."""


class RolloutEvent(Word):
    """What a look at a rollout shows."""

    HALT_ASKED = "HaltAsked"
    """People ask it to stand still."""
    ROLL_BACK_ASKED = "RollBackAsked"
    """People ask for the version before, took the order away, or cancelled its refresh."""
    RESUMED = "Resumed"
    """People ask a halted one to go on, and the group launches the new version already."""
    RESUMED_UNTRIED = "ResumedUntried"
    """The same, and it does not yet."""
    SEEN_UNKNOWN = "SeenUnknown"
    """Something that the state must know could not be read, or is not to be trusted yet."""
    UNTRIED = "Untried"
    """The image is to be tried first."""
    TRUSTED = "Trusted"
    """The image is known: no canary was ordered."""
    CANARY_ABSENT = "CanaryAbsent"
    """EC2 shows no canary of this order."""
    CANARY_BOOTING = "CanaryBooting"
    """EC2 shows it, and Jenkins has no online node of it yet."""
    CANARY_ONLINE = "CanaryOnline"
    CANARY_LATE = "CanaryLate"
    """It should have been online by now."""
    CANARY_GONE = "CanaryGone"
    """It was there, and ended before it had passed."""
    SMOKE_ABSENT = "SmokeAbsent"
    """Jenkins knows no run of the smoke job for this order."""
    SMOKE_RUNNING = "SmokeRunning"
    """It is queued or runs."""
    SMOKE_PASSED = "SmokePassed"
    SMOKE_FAILED = "SmokeFailed"
    SMOKE_CUT = "SmokeCut"
    """It failed, and Jenkins could not be believed for a while meanwhile: it tells nothing."""
    SMOKE_LATE = "SmokeLate"
    """It takes longer than it may."""
    VERSION_ABSENT = "VersionAbsent"
    """The group does not launch the version that it should."""
    REFRESH_CHOSEN = "RefreshChosen"
    """Auto Scaling is to replace the agents of this wave."""
    REFRESH_ABSENT = "RefreshAbsent"
    """No instance refresh was begun for this wave."""
    REFRESH_RUNNING = "RefreshRunning"
    REFRESH_SUCCEEDED = "RefreshSucceeded"
    REFRESH_FAILED = "RefreshFailed"
    AGENTS_DUE = "AgentsDue"
    """Agents may be asked to leave now."""
    AGENTS_HELD = "AgentsHeld"
    """Agents should be asked to leave, and may not be now."""
    AGENTS_AWAITED = "AgentsAwaited"
    """All that were to be asked were; they, or new ones that boot, are waited for."""
    WAVE_OVER = "WaveOver"
    """The wave's agents are gone, and no new one boots."""
    BAKE_RUNNING = "BakeRunning"
    NEXT_WAVE_DUE = "NextWaveDue"
    ALL_REPLACED = "AllReplaced"
    """The last wave is baked and no agent of an older version is left."""
    HEALTH_FAILED = "HealthFailed"
    """More of the wave's launches failed to come online than may."""
    CANARY_LEFT = "CanaryLeft"
    """All is done but for the end of the canary, or of its node."""
    UNDONE = "Undone"
    """The version before is back, as people asked."""
    UNDONE_FAILED = "UndoneFailed"
    """The version before is back, after the breaker tripped."""
    CLOSE_DUE = "CloseDue"
    """It is over, and its order is still there."""


class RolloutAction(Word):
    """What a step does; `core/rollouts.py` fills in the names."""

    LAUNCH_CANARY = "LaunchCanary"
    RUN_SMOKE = "RunSmoke"
    TIDY = "EndCanary"
    """End what is left of canaries: instances first, then the node."""
    USE_TARGET = "UseTargetVersion"
    USE_PREVIOUS = "UsePreviousVersion"
    RETIRE = "Retire"
    """Have the drain machine take the chosen agents."""
    RECALL = "Recall"
    """Have it call back those that need not leave any more."""
    RUN_MATRIX = "RunMatrix"
    """With `Strategy.MATRIX`, have the matrix job run where a cordon is confirmed."""
    START_REFRESH = "StartRefresh"
    CANCEL_REFRESH = "CancelRefresh"
    PROMOTE = "PromoteImage"
    CONDEMN = "CondemnImage"
    CLOSE = "CloseOrder"


S, E, A = RolloutState, RolloutEvent, RolloutAction
Rows = dict[tuple[RolloutState, RolloutEvent], Row[RolloutState, RolloutAction]]


def _stay(state: RolloutState, event: RolloutEvent, because: str, *actions: RolloutAction) -> Rows:
    return {(state, event): Row(state, actions, because)}


def _under_way(state: RolloutState) -> Rows:
    """What every state has that is not over: people, and what cannot be seen."""
    return {
        (state, E.HALT_ASKED): Row(S.HALTED, (), "somebody asked for a halt"),
        (state, E.ROLL_BACK_ASKED): Row(S.ROLLING_BACK, (), "somebody took it back"),
        **_stay(state, E.SEEN_UNKNOWN, "unknown means wait"),
    }


def _watched(state: RolloutState) -> Rows:
    """What the states have in which the group may launch the new version."""
    return {
        **_under_way(state),
        (state, E.HEALTH_FAILED): Row(S.ROLLING_BACK, (), "too many new agents failed"),
    }


ROLLOUT: Table[RolloutState, RolloutEvent, RolloutAction] = {
    # ORDERED: nothing was done yet.
    **_under_way(S.ORDERED),
    (S.ORDERED, E.UNTRIED): Row(S.CANARY_ASKED, (), "the image is tried first"),
    (S.ORDERED, E.TRUSTED): Row(S.WAVE, (), "no canary was ordered"),
    # CANARY_ASKED, CANARY, SMOKE: one agent beside the group, which launches what it always did.
    **_under_way(S.CANARY_ASKED),
    **_stay(S.CANARY_ASKED, E.CANARY_ABSENT, "a canary is asked for", A.LAUNCH_CANARY),
    (S.CANARY_ASKED, E.CANARY_BOOTING): Row(S.CANARY, (), "the canary is launched"),
    (S.CANARY_ASKED, E.CANARY_LATE): Row(S.ROLLING_BACK, (), "no canary ever showed"),
    **_under_way(S.CANARY),
    **_stay(S.CANARY, E.CANARY_BOOTING, "the canary boots"),
    (S.CANARY, E.CANARY_ONLINE): Row(S.SMOKE, (), "the canary is online"),
    (S.CANARY, E.CANARY_LATE): Row(S.ROLLING_BACK, (), "the canary did not come online in time"),
    (S.CANARY, E.CANARY_GONE): Row(S.ROLLING_BACK, (), "the canary ended before it was online"),
    **_under_way(S.SMOKE),
    **_stay(S.SMOKE, E.SMOKE_ABSENT, "the smoke job is asked for", A.RUN_SMOKE),
    **_stay(S.SMOKE, E.SMOKE_RUNNING, "the smoke job runs"),
    (S.SMOKE, E.SMOKE_PASSED): Row(S.WAVE, (), "the canary passed"),
    (S.SMOKE, E.SMOKE_FAILED): Row(S.ROLLING_BACK, (), "the canary failed the smoke job"),
    (S.SMOKE, E.SMOKE_CUT): Row(S.CANARY, (), "Jenkins went away under the smoke job: once more"),
    (S.SMOKE, E.SMOKE_LATE): Row(S.ROLLING_BACK, (), "the smoke job took too long"),
    (S.SMOKE, E.CANARY_GONE): Row(S.ROLLING_BACK, (), "the canary ended before it passed"),
    # WAVE: a share of the old agents leaves.
    **_watched(S.WAVE),
    **_stay(S.WAVE, E.VERSION_ABSENT, "the group is to launch it", A.USE_TARGET, A.TIDY),
    (S.WAVE, E.REFRESH_CHOSEN): Row(S.REFRESHING, (), "Auto Scaling is to replace them"),
    **_stay(S.WAVE, E.AGENTS_DUE, "asked to leave", A.RETIRE, A.RUN_MATRIX, A.TIDY),
    **_stay(S.WAVE, E.AGENTS_HELD, "no agent may leave now", A.RUN_MATRIX, A.TIDY),
    **_stay(S.WAVE, E.AGENTS_AWAITED, "agents are waited for", A.RUN_MATRIX, A.TIDY),
    (S.WAVE, E.WAVE_OVER): Row(S.BAKING, (), "the wave's agents are gone"),
    # REFRESHING: Auto Scaling replaces them.
    **_watched(S.REFRESHING),
    **_stay(S.REFRESHING, E.REFRESH_ABSENT, "a refresh is asked for", A.START_REFRESH, A.TIDY),
    **_stay(S.REFRESHING, E.AGENTS_HELD, "no agent may leave now", A.TIDY),
    **_stay(S.REFRESHING, E.REFRESH_RUNNING, "Auto Scaling replaces agents", A.TIDY),
    (S.REFRESHING, E.REFRESH_SUCCEEDED): Row(S.BAKING, (), "Auto Scaling has replaced them"),
    (S.REFRESHING, E.REFRESH_FAILED): Row(S.ROLLING_BACK, (), "the instance refresh failed"),
    # BAKING: the new agents are watched.
    **_watched(S.BAKING),
    **_stay(S.BAKING, E.BAKE_RUNNING, "the new agents are watched", A.RUN_MATRIX, A.TIDY),
    **_stay(S.BAKING, E.CANARY_LEFT, "the canary is on its way out", A.TIDY),
    (S.BAKING, E.NEXT_WAVE_DUE): Row(S.WAVE, (), "the wave is baked"),
    (S.BAKING, E.ALL_REPLACED): Row(S.DONE, (), "every agent is of the new version"),
    # HALTED: nobody is chosen, and whoever can comes back.
    **_watched(S.HALTED),
    **_stay(S.HALTED, E.HALT_ASKED, "halted", A.RECALL, A.CANCEL_REFRESH),
    (S.HALTED, E.RESUMED): Row(S.WAVE, (), "somebody asked it to go on"),
    (S.HALTED, E.RESUMED_UNTRIED): Row(S.ORDERED, (), "somebody asked it to go on"),
    # ROLLING_BACK: the version before comes back. It cannot be halted.
    **_stay(S.ROLLING_BACK, E.SEEN_UNKNOWN, "unknown means wait"),
    **_stay(
        S.ROLLING_BACK, E.REFRESH_RUNNING, "the refresh is cancelled", A.CANCEL_REFRESH, A.RECALL
    ),
    **_stay(
        S.ROLLING_BACK,
        E.VERSION_ABSENT,
        "the group gets its version back",
        A.USE_PREVIOUS,
        A.RECALL,
    ),
    **_stay(S.ROLLING_BACK, E.AGENTS_DUE, "asked to leave", A.RECALL, A.RETIRE, A.TIDY),
    **_stay(S.ROLLING_BACK, E.AGENTS_HELD, "no agent may leave now", A.RECALL, A.TIDY),
    **_stay(S.ROLLING_BACK, E.AGENTS_AWAITED, "agents are waited for", A.RECALL, A.TIDY),
    **_stay(S.ROLLING_BACK, E.CANARY_LEFT, "the canary is on its way out", A.RECALL, A.TIDY),
    (S.ROLLING_BACK, E.UNDONE): Row(S.ROLLED_BACK, (), "the version before is back"),
    (S.ROLLING_BACK, E.UNDONE_FAILED): Row(S.FAILED, (), "the version before is back"),
    # Over: the order goes last.
    **_stay(S.DONE, E.CLOSE_DUE, "done", A.PROMOTE, A.CLOSE),
    **_stay(S.FAILED, E.CLOSE_DUE, "failed", A.CONDEMN, A.CLOSE),
    **_stay(S.ROLLED_BACK, E.CLOSE_DUE, "taken back", A.CLOSE),
}
"""Every pair that can happen; a look names one event, the most telling first."""
