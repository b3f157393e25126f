"""How computers, executors and nodes look in the remote API."""

from dataclasses import dataclass
from operator import itemgetter

from workhorse.core.labels import Atom
from workhorse.local.jenkins import label_kinds, run_kinds
from workhorse.local.jenkins.computers import Computer, Executor
from workhorse.local.jenkins.exporting import Bean, Property
from workhorse.local.jenkins.permissions import AGENT_CONNECT
from workhorse.local.jenkins.view import View, millis

_MONITORS = ("SwapSpace", "TemporarySpace", "DiskSpace", "Architecture", "ResponseTime", "Clock")
_PREFIX = "hudson.node_monitors."
_FIRST_CHECK = 5.0
"""Seconds from coming online to the monitors' first figures: agents that had just come were
recorded without any."""

_NOT_LAUNCHED = "This agent is offline because Jenkins failed to launch the agent process on it."
_GIB = 2**30


@dataclass(frozen=True, slots=True)
class _Seen:
    """A computer under a view."""

    view: View
    computer: Computer


@dataclass(frozen=True, slots=True)
class _Slot:
    """An executor under a view."""

    view: View
    executor: Executor


def computer_set(view: View) -> Bean:
    """All computers; busy and total count those that are not offline."""
    return Bean("hudson.model.ComputerSet", _SET, view)


def computer_bean(view: View, computer: Computer) -> Bean:
    """One computer."""
    if computer.built_in:
        return Bean("hudson.model.Hudson$MasterComputer", _COMPUTER, _Seen(view, computer))
    return Bean("hudson.slaves.SlaveComputer", _AGENT_COMPUTER, _Seen(view, computer))


def _labels(seen: _Seen) -> list[Bean]:
    node = seen.computer.node
    return [] if node is None else label_kinds.label_beans(seen.view, node)


def _icon(seen: _Seen) -> str:
    computer = seen.computer
    if computer.temporary is not None:
        return "symbol-computer-disconnected"
    return "symbol-computer" if computer.online else "symbol-computer-offline"


def _executors(seen: _Seen) -> list[Bean]:
    found = seen.computer.executors
    return [
        Bean("hudson.model.Executor", _EXECUTOR, _Slot(seen.view, e), declared=True) for e in found
    ]


def _one_offs(seen: _Seen) -> list[Bean]:
    found = [each for each in seen.computer.one_offs if each.executable is not None]
    return [Bean(ONE_OFF_CLASS, _EXECUTOR, _Slot(seen.view, each), declared=True) for each in found]


def _cause(seen: _Seen) -> Bean | None:
    computer = seen.computer
    if computer.temporary is not None:
        return Bean("hudson.slaves.OfflineCause$UserCause", _USER_CAUSE, computer.temporary)
    if computer.broken is not None:
        broken = computer.broken
        return Bean("hudson.slaves.OfflineCause$ChannelTermination", _BROKEN, broken)
    if computer.launch_failed is not None:
        return Bean("hudson.slaves.OfflineCause$LaunchFailed", _BROKEN, computer.launch_failed)
    return None


def _reason(seen: _Seen) -> str:
    computer = seen.computer
    if computer.temporary is not None:
        return computer.temporary.message or computer.temporary.description
    if computer.broken is not None:
        return "Connection was broken"
    return "" if computer.launch_failed is None else _NOT_LAUNCHED


def _monitors(seen: _Seen) -> dict[str, object]:
    if not seen.view.user.may(AGENT_CONNECT):
        return {}
    computer = seen.computer
    if computer.seen_online is None or seen.view.world.now < computer.seen_online + _FIRST_CHECK:
        return {f"{_PREFIX}{name}Monitor": None for name in _MONITORS}
    at = millis(computer.seen_online)
    directory = (
        "/" if computer.built_in or computer.node is None else computer.node.remote_directory
    )
    return {
        f"{_PREFIX}SwapSpaceMonitor": _memory(),
        f"{_PREFIX}TemporarySpaceMonitor": _disk(at, "/tmp"),  # noqa: S108 - a figure of speech
        f"{_PREFIX}DiskSpaceMonitor": _disk(at, directory),
        f"{_PREFIX}ArchitectureMonitor": "Linux (amd64)",
        f"{_PREFIX}ResponseTimeMonitor": _map(
            f"{_PREFIX}ResponseTimeMonitor$Data", timestamp=at, average=20
        ),
        f"{_PREFIX}ClockMonitor": _map("hudson.util.ClockDifference", diff=0),
    }


def _memory() -> Bean:
    return _map(
        f"{_PREFIX}SwapSpaceMonitor$MemoryUsage2",
        availablePhysicalMemory=6 * _GIB,
        availableSwapSpace=0,
        totalPhysicalMemory=8 * _GIB,
        totalSwapSpace=0,
    )


def _disk(at: int, path: str) -> Bean:
    return _map(
        f"{_PREFIX}DiskSpaceMonitorDescriptor$DiskSpace",
        timestamp=at,
        path=path,
        size=64 * _GIB,
        threshold=_GIB,
        totalSize=128 * _GIB,
        warningThreshold=2 * _GIB,
    )


def _map(java_class: str, **values: object) -> Bean:
    return Bean(java_class, tuple(Property(name, itemgetter(name)) for name in values), values)


def _executable(slot: _Slot) -> Bean | None:
    executable = slot.executor.executable
    if executable is None or not slot.view.sees_jobs:
        return None
    return run_kinds.executable_bean(slot.view, executable)


def _set_figure(view: View, *, busy: bool) -> int:
    online = [each for each in view.world.computers.values() if each.online]
    return sum(sum(not (busy and executor.idle) for executor in each.executors) for each in online)


ONE_OFF_CLASS = "hudson.model.OneOffExecutor"

_USER_CAUSE = (
    Property("timestamp", lambda cause: millis(cause.at)),
    Property("description", lambda cause: cause.description),
)
_BROKEN = (Property("timestamp", millis),)

_EXECUTOR = (
    Property("currentExecutable", _executable),
    Property("idle", lambda slot: slot.executor.idle),
    Property("likelyStuck", lambda _: False),
    Property("number", lambda slot: slot.executor.number),
    Property("progress", lambda slot: run_kinds.progress(slot.view, slot.executor.executable)),
)

_COMPUTER = (
    Property("actions", lambda _: []),
    Property("assignedLabels", _labels),
    Property(
        "description", lambda seen: seen.computer.node.description if seen.computer.node else ""
    ),
    Property("displayName", lambda seen: seen.computer.name or "Built-In Node"),
    Property("executors", _executors),
    Property("icon", _icon),
    Property("iconClassName", _icon),
    Property("idle", lambda seen: seen.computer.idle),
    Property("jnlpAgent", lambda seen: not seen.computer.built_in),
    Property("launchSupported", lambda seen: seen.computer.built_in),
    Property(
        "loadStatistics", lambda seen: label_kinds.load_bean(seen.view, Atom(seen.computer.name))
    ),
    Property("manualLaunchAllowed", lambda _: True),
    Property("monitorData", _monitors),
    Property("numExecutors", lambda seen: seen.computer.wanted),
    Property("offline", lambda seen: not seen.computer.online),
    Property("offlineCause", _cause),
    Property("offlineCauseReason", _reason),
    Property("oneOffExecutors", _one_offs),
    Property("temporarilyOffline", lambda seen: seen.computer.temporary is not None),
)

_AGENT_COMPUTER = (
    *_COMPUTER,
    Property(
        "absoluteRemotePath",
        lambda seen: (
            seen.computer.node.remote_directory
            if seen.computer.node is not None and seen.computer.channel is not None
            else None
        ),
    ),
)

_SET = (
    Property("busyExecutors", lambda view: _set_figure(view, busy=True)),
    Property(
        "computer",
        lambda view: [computer_bean(view, each) for each in view.world.sorted_computers()],
        inline=True,
    ),
    Property("displayName", lambda _: "Nodes"),
    Property("totalExecutors", lambda view: _set_figure(view, busy=False)),
)
