"""How agents came into Jenkins: by the gateway, each under its own name, with no right of theirs.

Pure. The journal says whom the gateway let in, Jenkins what it was asked, the embedded AWS who read
a secret, and the demo where it found one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from workhorse.local.demo.facts import Evidence, Hand

CREATE, SECRET = "POST doCreateItem", "GET jenkins-agent.jnlp"
"""What registering asks of Jenkins, as the stand-in counts requests."""

RETURN_SECONDS = 900.0
"""A forgotten agent that lives so long is to be a node again: it looks each minute, twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Registrations, and what must not have happened."""

    agents: int = 0
    """Instances that the gateway let in."""
    nodes: int = 0
    """How often it made a node."""
    requests: int = 0
    """What that asked of Jenkins, by Jenkins' own count, or by the journal where it keeps none."""
    strangers: tuple[str, ...] = ()
    """Nodes that worked and that the gateway did not let in."""
    exposed: tuple[str, ...] = ()
    """Where an agent held Jenkins' token, or read a parameter."""
    forgotten: tuple[str, ...] = ()
    """Agents whose node an outsider deleted."""
    lost: tuple[str, ...] = ()
    """Those of them that lived on and did not come back."""


def joining(evidence: Evidence) -> Joining:
    """Add it up."""
    entries = [one for one in evidence.journal if one.get("kind") == "registered"]
    made = [
        str(one["node"])
        for one in evidence.journal
        if one.get("kind") == "effect" and one.get("effect") == "CreateNode"
    ]
    let_in = {str(one["instance"]) for one in entries} | set(made)
    worked = (
        evidence.online
        | evidence.comings.keys()
        | {build.node for build in evidence.builds if build.node}
    )
    readers = {h.instance for h in evidence.happenings if h.kind == "parameter.read"}
    forgotten = {d.target: d.at for d in evidence.deeds if d.hand is Hand.NODE_DELETED}
    counted = evidence.requests.get(CREATE, 0) + evidence.requests.get(SECRET, 0)
    return Joining(
        agents=len(let_in),
        nodes=len(made),
        requests=counted or sum(int(one.get("requests", 0)) for one in entries),
        strangers=tuple(sorted(worked - let_in)),
        exposed=(*evidence.exposed, *(f"{name} read a parameter" for name in sorted(readers))),
        forgotten=tuple(sorted(forgotten)),
        lost=_lost(evidence, forgotten),
    )


def _lost(evidence: Evidence, forgotten: Mapping[str, float]) -> tuple[str, ...]:
    """Forgotten agents that had their time to come back, and for which no node was made."""
    back = {
        (str(one["node"]), float(one["at"]))
        for one in evidence.journal
        if one.get("kind") == "effect" and one.get("effect") == "CreateNode"
    }
    ends = {h.instance: h.at for h in evidence.happenings if h.kind == "hook.begun"}
    return tuple(
        name
        for name, at in sorted(forgotten.items())
        if min(ends.get(name, evidence.ended), evidence.ended) - at > RETURN_SECONDS
        and not any(node == name and made > at for node, made in back)
    )
