"""How many builds an agent has run, as far as readings tell: for agents of few builds.

A build is counted when a reading shows it on the agent, by its path, once: a pipeline that comes
back to the agent is the same build.
A build that begins and ends between two readings is never seen and never counted.
That gap is kept small from the other side: an item that leaves the queue makes a tick due at once,
so that what is missed is shorter than a glance and a reading.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from workhorse.core.model import Instance, Node

Builds = Mapping[str, tuple[str, ...]]
"""Instance id to the paths of the builds that were seen on it, first seen first."""


def counted(had: Builds, instances: Iterable[Instance], nodes: Mapping[str, Node]) -> Builds:
    """The builds seen so far with those that run now; the very same mapping when none is new.

    Args:
        had: what was seen before.
        instances: the members of the group; others are forgotten with the next new build.
        nodes: Jenkins' nodes as read.
    """
    members = {instance.id for instance in instances}
    new: dict[str, tuple[str, ...]] = {}
    for name in members & nodes.keys():
        seen = had.get(name, ())
        more = [build.path for build in nodes[name].running if build.path not in seen]
        if more:
            new[name] = (*seen, *dict.fromkeys(more))
    if not new:
        return had
    return {name: paths for name, paths in {**had, **new}.items() if name in members}


def spent(builds: Builds, most: int) -> tuple[str, ...]:
    """The instances that have run as many builds as they may; none when `most` is 0."""
    if not most:
        return ()
    return tuple(name for name, paths in builds.items() if len(paths) >= most)


def as_record(builds: Builds) -> dict[str, Any]:
    """For the journal."""
    return {"builds": {name: list(paths) for name, paths in builds.items()}}


def from_record(record: Mapping[str, Any]) -> Builds:
    """What an earlier run journalled; nothing when it journalled nothing."""
    return {name: tuple(paths) for name, paths in record.get("builds", {}).items()}
