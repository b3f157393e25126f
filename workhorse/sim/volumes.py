"""Cache volumes of the simulated EC2: the port `Volumes`, and what the world does to them.

Nothing takes time: an attachment is there when it is made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from workhorse.core.errors import Missing, Surprise
from workhorse.core.volume import Volume
from workhorse.core.volume_tags import with_tags


class SimVolumes:
    """A `loops.agent_ports.Volumes`.

    Args:
        now: seconds since the epoch.
        zone_of: the zone of an instance that can hold a volume; None for one that is no more.
    """

    def __init__(self, now: Callable[[], float], zone_of: Callable[[str], str | None]) -> None:
        self._now = now
        self._zone_of = zone_of
        self._volumes: dict[str, Volume] = {}

    @property
    def all(self) -> tuple[Volume, ...]:
        """Every volume, as it is."""
        return tuple(self._volumes.values())

    def add(self, volume: Volume) -> None:
        """Somebody makes a volume."""
        self._volumes[volume.id] = volume

    def end_instance(self, instance: str) -> None:
        """EC2 has terminated the instance."""
        for volume in self.all:
            if volume.attached_to == instance:
                self._let_go(volume)

    def volumes(self, pools: Sequence[str]) -> Sequence[Volume]:
        """The cache volumes of these pools, by their tags, in every zone."""
        return tuple(volume for volume in self.all if volume.pool in pools)

    def attach(self, volume: str, instance: str, device: str) -> None:
        """AttachVolume.

        Raises:
            Missing: it is another's, or gone, or of another zone: take the next.
        """
        known = self._volumes.get(volume)
        if known is None or known.state != "available":
            if known is not None and known.attached_to == instance:
                return
            raise Missing(f"AttachVolume {volume}: VolumeInUse or not found")
        if self._zone_of(instance) != known.zone:
            raise Missing(f"AttachVolume {volume}: {instance} is not in {known.zone}")
        if any(v.attached_to == instance and v.device == device for v in self.all):
            raise Missing(f"AttachVolume {volume}: {device} of {instance} is taken")
        self._volumes[volume] = replace(
            known,
            state="in-use",
            attached_to=instance,
            attachment="attached",
            attached_at=self._now(),
            device=device,
        )

    def detach(self, volume: str, instance: str, *, force: bool) -> None:  # noqa: ARG002 - the port's; nothing takes time here
        """DetachVolume; done as well when that instance does not hold it."""
        known = self._volumes.get(volume)
        if known is not None and known.attached_to == instance:
            self._let_go(known)

    def tag(self, volume: str, tags: Mapping[str, str]) -> None:
        """CreateTags."""
        known = self._volumes.get(volume)
        if known is None:
            raise Surprise(f"CreateTags {volume}: InvalidVolume.NotFound")
        self._volumes[volume] = replace(known, **with_tags(known, tags))

    def _let_go(self, volume: Volume) -> None:
        self._volumes[volume.id] = replace(
            volume, state="available", attached_to="", attachment="", attached_at=None, device=""
        )
