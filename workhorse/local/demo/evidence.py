"""Turning what AWS, Jenkins and the journal told into evidence."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workhorse.local.demo.facts import Build, Happening, Remains, Use
from workhorse.local.demo.replay import Asked

ENDED = frozenset({"shutting-down", "terminated"})
"""States of an instance that is no more, or is about to be."""


def happenings(events: Iterable[Mapping[str, Any]]) -> tuple[Happening, ...]:
    """The embedded AWS's `/_local/events`, in order of time."""
    found = (
        Happening(
            at=event["at"],
            kind=event["kind"],
            detail={k: v for k, v in event.items() if k not in {"at", "kind", "number"}},
        )
        for event in events
    )
    return tuple(sorted(found, key=lambda happening: happening.at))


def builds_of_stand_in(
    records: Iterable[Mapping[str, Any]], jobs: frozenset[str]
) -> tuple[Build, ...]:
    """The stand-in's `/_local/accounting`; other jobs than `jobs` are left out."""
    return tuple(
        Build(
            job=record["job"],
            number=record["number"],
            queued=record["queued"],
            started=record["started"],
            ended=record["ended"],
            node=record["node"] or "",
            result=record["result"] or "",
            cause=record["lost"] or "",
        )
        for record in records
        if record["job"] in jobs
    )


def builds_of_jenkins(
    job: str, records: Iterable[Mapping[str, Any]], asked: Sequence[Asked]
) -> tuple[Build, ...]:
    """A job's builds as any Jenkins lists them; when each was queued only we remember.

    Jenkins' `timestamp` is when a build left the queue, in milliseconds.
    """
    queued = {one.item: one.at for one in asked if one.job == job}
    return tuple(
        Build(
            job=job,
            number=record["number"],
            queued=queued[record["queueId"]],
            started=record["timestamp"] / 1000,
            ended=None if record["building"] else (record["timestamp"] + record["duration"]) / 1000,
            node=record["builtOn"],
            result=record["result"] or "",
        )
        for record in records
        if record["queueId"] in queued
    )


def read_journal(path: Path) -> tuple[Mapping[str, Any], ...]:
    """The records of a journal file, oldest first; a line torn by a crash is skipped."""
    found: list[Mapping[str, Any]] = []
    if not path.exists():
        return ()
    with path.open(errors="replace") as file:
        for line in file:
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return tuple(found)


def uses(volumes: Path) -> tuple[Use, ...]:
    """What instances left on the cache volumes, oldest first; see `workhorse.local.agent.disk`."""
    found = [
        Use(volume=path.parent.name, instance=line["instance"], at=line["at"])
        for path in volumes.glob("*/uses")
        for line in map(json.loads, path.read_text().splitlines())
    ]
    return tuple(sorted(found, key=lambda use: use.at))


def remains(state: Mapping[str, Any], before: Remains) -> Remains:
    """What is still there: of `before` destroy, and what `/_local/state` shows after it."""
    alive = {machine["id"] for machine in state["instances"] if machine["state"] not in ENDED}
    volumes = [f"volume {volume['id']}" for volume in state["volumes"]]
    groups = [f"group {group['name']}" for group in state["groups"]]
    return Remains(
        nodes=before.nodes,
        instances=tuple(sorted(alive | set(before.instances))),
        others=(*before.others, *volumes, *groups),
    )
