"""Every kind of fault, by its name."""

from collections.abc import Mapping

from workhorse.sim.faults import (
    aws,
    controller,
    leaving,
    ledger,
    messages,
    ours,
    rollout,
    token_machines,
    upon,
)
from workhorse.sim.faults.fault import Fault

KINDS: Mapping[str, type[Fault]] = {
    kind.__name__: kind
    for kind in (
        ours.LoopsCrashed,
        ours.LoopsHung,
        ours.ClockJumped,
        ours.SideFailed,
        ours.AnswersLost,
        ours.Throttled,
        ours.ChangeFailed,
        ours.Slow,
        ours.ToldAgain,
        messages.MessagesRepeated,
        messages.MessagesLost,
        messages.MessagesDelayed,
        messages.HookMessageMadeUp,
        messages.OddMessageCame,
        controller.JenkinsRestarted,
        controller.JenkinsQuietedDown,
        controller.CordonsLost,
        controller.ConnectionBroke,
        controller.NodeUncordoned,
        controller.NodeMarkedOffline,
        controller.NodeDeleted,
        aws.SpotLost,
        aws.RebalanceRecommended,
        aws.CapacityGone,
        aws.ZoneRebalanced,
        aws.GroupToldLate,
        aws.InstanceDied,
        aws.InstanceHung,
        aws.AgentsNeverRegister,
        aws.InstanceEnded,
        aws.DesiredSet,
        aws.InstanceProtected,
        aws.InstanceDetached,
        aws.ScaleInSwitchedOff,
        leaving.AgentStopped,
        leaving.AgentFeltIdle,
        leaving.CrashedWhileQueueing,
        leaving.AnswerLostWhileQueueing,
        ledger.GatewayClosed,
        ledger.AgentForgotten,
        ledger.ExecutorsTakenAway,
        ledger.ImageAged,
        token_machines.TokenMachineCame,
        rollout.RolloutOrdered,
        rollout.RolloutCommanded,
        rollout.OrderTakenAway,
        upon.Upon,
    )
}
"""What may go wrong."""
