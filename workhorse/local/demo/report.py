"""The report of a demo, as text for people and as JSON for machines. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from workhorse.local.demo.accounting import Account, Loss, percentile
from workhorse.local.demo.caches import Caches
from workhorse.local.demo.joining import Joining

CLEAN = (
    "clean: no build was killed, no hook lost, nothing left over; every agent came by the gateway"
)

WIDTH = 18
"""Columns of the report's left side."""


def report(account: Account, *, title: str, places: dict[str, str]) -> str:
    """The report as text; `places` names files to look into, by what they hold."""
    lines: list[tuple[str, str]] = [
        *_builds(account),
        ("queue wait", _spread(account.waits)),
        *_fleet(account),
        ("scale-ups", _reactions(account)),
        ("launch to online", _spread(account.boots)),
        *_hooks(account),
        ("drains recalled", f"{account.recalled}"),
        *_joining(account.joining),
        *_caches(account.caches),
        ("outside hands", ", ".join(_deeds(account)) or "none"),
        ("left over", _remains(account)),
        *places.items(),
        ("verdict", verdict(account)),
    ]
    return "\n".join([title, *(f"{name:<{WIDTH}}{value}" for name, value in lines)])


def as_json(account: Account, *, title: str, places: dict[str, str]) -> str:
    """The same figures as one JSON object, with every wait and every scale-up."""
    figures = {
        "title": title,
        "clean": account.clean,
        "wait_p50_seconds": percentile(account.waits, 50),
        "wait_p95_seconds": percentile(account.waits, 95),
        "wait_max_seconds": percentile(account.waits, 100),
        **asdict(account),
        "places": places,
    }
    return json.dumps(figures, indent=2) + "\n"


def verdict(account: Account) -> str:
    """One sentence: clean, or all that was not."""
    faults = [
        (len(account.killed), "build killed", "builds killed"),
        (len(account.unfinished), "build without an end", "builds without an end"),
        (len(account.hooks.lost), "hook lost", "hooks lost"),
        (_left(account), "thing left over", "things left over"),
        (len(account.joining.strangers), "agent past the gateway", "agents past the gateway"),
        (len(account.joining.exposed), "place with a secret", "places with a secret"),
        (len(account.joining.lost), "forgotten agent not back", "forgotten agents not back"),
    ]
    said = [f"{count} {one if count == 1 else many}" for count, one, many in faults if count]
    if account.caches.missed:
        said.append("no warm volume reused")
    return ", ".join(said) or CLEAN


def _builds(account: Account) -> Iterable[tuple[str, str]]:
    yield "builds", f"{account.run} run of {account.asked} asked for, {len(account.killed)} killed"
    for loss in account.killed:
        yield "  killed", _loss(loss)
    for name in account.unfinished:
        yield "  without an end", name
    if account.outside:
        yield "lost to outsiders", f"{len(account.outside)}, past every hook"
    for loss in account.outside:
        yield "  lost", _loss(loss)


def _fleet(account: Account) -> Iterable[tuple[str, str]]:
    yield "instances", f"{account.instances} launched, {account.peak} at the peak"
    hours = f"{account.instance_hours:.1f}"
    if account.fixed_hours:
        less = 100 - 100 * account.instance_hours / account.fixed_hours
        hours += (
            f"; a fixed fleet of the same peak {account.fixed_hours:.1f}, so {less:.0f} % saved"
        )
    yield "instance-hours", hours


def _hooks(account: Account) -> Iterable[tuple[str, str]]:
    hooks = account.hooks
    said = f"{hooks.received} received, {hooks.completed} completed, {len(hooks.lost)} lost"
    if hooks.cut_short:
        said += f", {hooks.cut_short} cut short by EC2"
    yield "hooks", said
    for name in hooks.lost:
        yield "  lost", name


def _joining(joining: Joining) -> Iterable[tuple[str, str]]:
    said = f"{joining.agents} agents by the gateway, {joining.requests} requests to Jenkins"
    alone = joining.strangers or joining.exposed
    yield "registrations", said if alone else f"{said}, none with a right there"
    for name in joining.strangers:
        yield "  past it", name
    for place in joining.exposed:
        yield "  secret", place
    if joining.forgotten:
        back = len(joining.forgotten) - len(joining.lost)
        yield "forgotten agents", f"{len(joining.forgotten)}, back {back}"


def _caches(caches: Caches) -> Iterable[tuple[str, str]]:
    yield "cache volumes", f"{caches.claims} claims, {caches.hits} hits, {caches.misses} misses"
    if caches.reused:
        one = caches.reused[0]
        said = f"{one.volume} was left by {one.first}, scaled in, and found warm by {one.second}"
        more = f"; {len(caches.reused)} times in all" if len(caches.reused) > 1 else ""
        yield "  reused", f"{said}, scaled out later{more}"
    elif not caches.chances:
        yield "  reused", "none: nobody came where one lay, after a scale-in"


def _reactions(account: Account) -> str:
    times = sorted(up.reaction for up in account.scale_ups if up.reaction is not None)
    said = f"{len(account.scale_ups)}"
    return f"{said}, reaction {_spread(times)}" if times else said


def _spread(ordered: Sequence[float]) -> str:
    if not ordered:
        return "none"
    p50, p95, most = (percentile(ordered, rank) for rank in (50, 95, 100))
    return f"p50 {p50:.0f} s, p95 {p95:.0f} s, max {most:.0f} s"


def _deeds(account: Account) -> list[str]:
    return [f"{name} ({count})" for name, count in account.deeds.items()]


def _remains(account: Account) -> str:
    remains = account.remains
    said = f"{len(remains.nodes)} nodes, {len(remains.instances)} instances"
    names = (*remains.nodes, *remains.instances, *remains.others)
    return f"{said}: {', '.join(names)}" if names else said


def _left(account: Account) -> int:
    remains = account.remains
    return len(remains.nodes) + len(remains.instances) + len(remains.others)


def _loss(loss: Loss) -> str:
    return f"{loss.build} on {loss.node or 'no node'}: {loss.why}"
