"""Cache volumes: who claimed one, and which was handed on with what was on it.

Pure. A volume counts as warm by what is on it, not by what anybody says of it: each instance leaves
a line there, and EC2 must have attached it to that instance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workhorse.local.demo.facts import Evidence, Happening, Use

NEVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reuse:
    """A volume that an instance, launched after another had gone, found warm from it."""

    volume: str
    first: str
    second: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """What became of the claims."""

    claims: int = 0
    """Instances that registered: each claims once."""
    hits: int = 0
    """They got a volume that another had used."""
    misses: int = 0
    """They got a new one, or none."""
    reused: tuple[Reuse, ...] = ()
    """Handed on by a scale-in and a later scale-out."""
    chances: int = 0
    """Instances launched where such a volume lay free; one of them at least is to get it."""

    @property
    def missed(self) -> bool:
        """A warm volume lay there for somebody, and nobody ever got one."""
        return self.chances > 0 and not self.reused


def caches(evidence: Evidence) -> Caches:
    """Add it up."""
    took = {
        (str(h.detail.get("volume")), h.instance)
        for h in evidence.happenings
        if h.kind == "volume.attached"
    }
    uses = [one for one in evidence.uses if (one.volume, one.instance) in took]
    claimed = {
        str(one["instance"]) for one in evidence.journal if one.get("kind") == "registered"
    } | {one.instance for one in uses}
    hits = {use.instance for use in uses if _before(uses, use)}
    return Caches(
        claims=len(claimed),
        hits=len(hits),
        misses=len(claimed - hits),
        reused=reused(uses, evidence.happenings),
        chances=_chances(uses, evidence),
    )


def _before(uses: Sequence[Use], use: Use) -> tuple[Use, ...]:
    """What others had left on the same volume, oldest first."""
    return tuple(
        one
        for one in uses
        if one.volume == use.volume and one.at < use.at and one.instance != use.instance
    )


def reused(uses: Sequence[Use], happenings: Sequence[Happening]) -> tuple[Reuse, ...]:
    """Volumes that were handed on from an instance that had gone to one launched after."""
    begins, ends = _begins(happenings), _ends(happenings)
    found = []
    for use in uses:
        earlier = _before(uses, use)
        if not earlier or use.instance not in begins:
            continue
        last = earlier[-1].instance
        if ends.get(last, NEVER) <= begins[use.instance]:
            found.append(Reuse(volume=use.volume, first=last, second=use.instance))
    return tuple(found)


def _chances(uses: Sequence[Use], evidence: Evidence) -> int:
    """Launches for which a volume of the same group and zone lay there, its last user gone."""
    begins, ends = _begins(evidence.happenings), _ends(evidence.happenings)
    places = evidence.places
    found = 0
    for name, begin in begins.items():
        last = {use.volume: use.instance for use in uses if use.at < begin}
        found += any(
            places.get(user) == places.get(name) and ends.get(user, NEVER) <= begin
            for user in last.values()
        )
    return found


def _begins(happenings: Sequence[Happening]) -> dict[str, float]:
    return {h.instance: h.at for h in happenings if h.kind == "member.launched"}


def _ends(happenings: Sequence[Happening]) -> dict[str, float]:
    ends: dict[str, float] = {}
    for happening in happenings:
        if happening.kind == "instance.terminated":
            ends.setdefault(happening.instance, happening.at)
    return ends
