"""How a member moves: launching and terminating, with the hooks of the group in between.

    Pending -> [Pending:Wait -> Pending:Proceed ->] InService
    InService -> Terminating -> [Terminating:Wait ->] Terminating:Proceed -> gone

A launching instance begins its hooks when EC2 says running. ABANDON of a launch terminates it
(and its terminating hooks run); of a termination it only cuts the other waits short.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html
"""

from collections.abc import Callable

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState, LifecycleHook

from workhorse.local.aws import activities
from workhorse.local.aws.ec2_life import Cause, end, new_token
from workhorse.local.aws.engine import active
from workhorse.local.aws.members import LEAVING, Membership, membership_of, move
from workhorse.local.aws.messages import (
    LAUNCHING,
    TERMINATING,
    Action,
    lifecycle_event,
    lifecycle_message,
    stamp,
)
from workhorse.local.aws.sending import emit, notify
from workhorse.local.aws.waits import Wait, begun, outcome


def hooks_of(group: FakeAutoScalingGroup, transition: str) -> list[LifecycleHook]:
    """The group's hooks for a transition, in the order they were made."""
    hooks = group.autoscaling_backend.lifecycle_hooks.values()
    return [
        hook
        for hook in hooks
        if hook.auto_scaling_group_name == group.name and hook.lifecycle_transition == transition
    ]


def _hold(member: InstanceState, transition: str, now: float) -> bool:
    """Begin every hook of a transition; False when there is none."""
    group: FakeAutoScalingGroup = member.auto_scaling_group
    waits: list[Wait] = []
    for hook in hooks_of(group, transition):
        wait = begun(
            hook=hook.name,
            token=new_token(),
            heartbeat=float(hook.heartbeat_timeout),
            default_result=hook.default_result,
            now=now,
        )
        waits.append(wait)
        _announce(member, hook, wait, transition, now)
    membership_of(member).waits = tuple(waits)
    return bool(waits)


def record_hook(kind: str, member: InstanceState, wait: Wait, now: float, **detail: object) -> None:
    """Write down what happens to an instance at a hook."""
    active().record(
        f"hook.{kind}",
        now,
        group=member.auto_scaling_group_name,
        instance=member.instance_id,
        hook=wait.hook,
        token=wait.token,
        **detail,
    )


def _announce(
    member: InstanceState, hook: LifecycleHook, wait: Wait, transition: str, now: float
) -> None:
    group: FakeAutoScalingGroup = member.auto_scaling_group
    action = Action(
        hook=hook.name,
        group=group.name,
        group_arn=group.arn,
        instance_id=member.instance_id,
        token=wait.token,
        transition=transition,
        account=group.account_id,
        request_id=new_token(),
        metadata=hook.__dict__.get("notification_metadata"),
    )
    record_hook("begun", member, wait, now, transition=transition)
    target = hook.notification_target_arn
    if target:
        word = "LAUNCHING" if transition == LAUNCHING else "TERMINATING"
        subject = f"Auto Scaling:  Lifecycle action '{word}' for instance {member.instance_id}"
        notify(target, lifecycle_message(action, now), subject, now)
    emit(lifecycle_event(action), account=group.account_id, region=group.region, now=now)


def _judge(member: InstanceState, now: float) -> str | None:
    """Let waits run out and give what they amount to, None while one is open."""
    membership = membership_of(member)
    fresh = tuple(wait.at(now) for wait in membership.waits)
    for before, after in zip(membership.waits, fresh, strict=True):
        if before.result is None and after.timed_out:
            record_hook("timed-out", member, after, now, result=after.result)
    membership.waits = fresh
    return outcome(fresh)


def leave(member: InstanceState, cause: str, now: float) -> activities.Activity:
    """Begin to take a member out of its group; an instance that is leaving already stays so.

    `cause` is the sentence of the activity after its time stamp.
    """
    group: FakeAutoScalingGroup = member.auto_scaling_group
    membership = membership_of(member)
    if member.lifecycle_state in LEAVING and membership.activity is not None:
        return membership.activity
    if membership.activity is not None:
        text = f"Instance {member.instance_id} left before it was in service."
        activities.finish(membership.activity, "Cancelled", now, text)
    description = f"Terminating EC2 instance: {member.instance_id}"
    activity = activities.begin(group, "TERMINATE", description, f"At {stamp(now)} {cause}", now)
    activity.instance = member.instance
    activity.zone = member.availability_zone or ""
    activity.subnet = member.instance.subnet_id or ""
    membership.activity = activity
    active().record(
        "member.leaving", now, group=group.name, instance=member.instance_id, cause=cause
    )
    move(member, "Terminating", now)
    step(member, now)
    return activity


def _pending(member: InstanceState, _membership: Membership, now: float) -> None:
    if member.instance.state != "running":
        return
    held = _hold(member, LAUNCHING, now)
    move(member, "Pending:Wait" if held else "Pending:Proceed", now)
    if not held:
        step(member, now)


def _pending_wait(member: InstanceState, membership: Membership, now: float) -> None:
    result = _judge(member, now)
    if membership.activity is not None and membership.activity.ended is None:
        membership.activity.status, membership.activity.progress = "MidLifecycleAction", 60
    if result == "CONTINUE":
        move(member, "Pending:Proceed", now)
        step(member, now)
    elif result == "ABANDON":
        text = f"an instance was taken out of service: launch of {member.instance_id} was abandoned"
        if membership.activity is not None:
            why = f"Lifecycle Action with token {membership.waits[0].token} was abandoned"
            activities.finish(membership.activity, "Cancelled", now, why)
            membership.activity = None
        leave(member, f"{text}.", now)


def _pending_proceed(member: InstanceState, membership: Membership, now: float) -> None:
    move(member, "InService", now)
    membership.in_service_at = now
    membership.waits = ()
    if membership.activity is not None:
        activities.finish(membership.activity, "Successful", now)
        membership.activity = None


def _terminating(member: InstanceState, _membership: Membership, now: float) -> None:
    held = _hold(member, TERMINATING, now)
    move(member, "Terminating:Wait" if held else "Terminating:Proceed", now)
    step(member, now)


def _terminating_wait(member: InstanceState, membership: Membership, now: float) -> None:
    if membership.activity is not None:
        membership.activity.status, membership.activity.progress = "MidLifecycleAction", 60
    if _judge(member, now) is not None:
        move(member, "Terminating:Proceed", now)
        step(member, now)


def _terminating_proceed(member: InstanceState, membership: Membership, now: float) -> None:
    group: FakeAutoScalingGroup = member.auto_scaling_group
    if member.instance.state not in {"shutting-down", "terminated"}:
        end(member.instance, Cause.GROUP)
    if member.instance.state == "terminated":
        move(member, "Terminated", now)
        if member in group.instance_states:
            group.instance_states.remove(member)
        if membership.activity is not None:
            activities.finish(membership.activity, "Successful", now)


Step = Callable[[InstanceState, Membership, float], None]

STEPS: dict[str, Step] = {
    "Pending": _pending,
    "Pending:Wait": _pending_wait,
    "Pending:Proceed": _pending_proceed,
    "Terminating": _terminating,
    "Terminating:Wait": _terminating_wait,
    "Terminating:Proceed": _terminating_proceed,
}
"""What may happen in each state; a state that is not here waits for somebody else."""


def step(member: InstanceState, now: float) -> None:
    """Move a member as far as it can go at a virtual time."""
    action = STEPS.get(member.lifecycle_state)
    if action is not None:
        action(member, membership_of(member), now)
