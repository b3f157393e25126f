"""A cache volume on this machine: what is on it is a folder of its id, kept when instances go.

    VOLUMES/vol-0123/uses     a line of JSON for each instance that mounted it
    AGENT/cache               where it is mounted: a link to that folder

The embedded EC2 attaches it; whoever held it before is told by its own lines.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from workhorse.local.agent.gateway import Claim, Gateway

VOLUMES = "WORKHORSE_VOLUMES"
"""The variable that names the folder of all volumes."""

FILL_OF_A_USE = 0.05
"""What each instance leaves behind, so that volumes fill as they are used."""


class Disk:
    """The volume that one agent holds, if it got one."""

    def __init__(self, gateway: Gateway, instance: str, volumes: Path | None) -> None:
        self._gateway = gateway
        self._instance = instance
        self._volumes = volumes
        self._held = ""

    def mount(self, at: Path, now: float) -> None:
        """Claim a volume and mount it; without one there is a folder at its place.

        Raises:
            RegistrationError, OSError: as the gateway's methods.
        """
        claim = self._gateway.claim()
        if claim.volume and self._volumes is not None:
            self._mount(claim, self._volumes / claim.volume, at, now)
            return
        at.mkdir(parents=True, exist_ok=True)
        if claim.volume:
            because = f"{VOLUMES} is not set"
            self._gateway.report(
                claim.volume, mounted=False, because=because, fill=0.0, wiped=False
            )

    def _mount(self, claim: Claim, folder: Path, at: Path, now: float) -> None:
        wiped = claim.state == "corrupt" and folder.exists()
        if wiped:
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        line = {"instance": self._instance, "at": now, "told": claim.state}
        with (folder / "uses").open("a") as file:
            file.write(json.dumps(line) + "\n")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.unlink(missing_ok=True)
        at.symlink_to(folder)
        self._held = claim.volume
        fill = _fill(folder)
        self._gateway.report(claim.volume, mounted=True, because="", fill=fill, wiped=wiped)

    def release(self, at: Path) -> None:
        """Unmount the volume and give it back, when one is held; raises as `mount`."""
        if self._held and self._volumes is not None:
            volume, self._held = self._held, ""
            at.unlink(missing_ok=True)
            self._gateway.release(volume, fill=_fill(self._volumes / volume))


def volumes(environ: Mapping[str, str]) -> Path | None:
    """The folder of volumes that the machine was told of."""
    found = environ.get(VOLUMES, "")
    return Path(found) if found else None


def _fill(folder: Path) -> float:
    uses = len((folder / "uses").read_text().splitlines())
    return round(min(1.0, FILL_OF_A_USE * uses), 2)
