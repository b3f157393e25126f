"""How the image that an agent booted from behaves, where a test made it a bad one.

An embedded instance runs this program whatever its image is, so a bad image is told by a tag of the
AMI, set by `CreateTags` before the instance is launched:

    workhorse:test = never-registers    the machine runs and never becomes a node of Jenkins
    workhorse:test = fails-smoke        it registers, but its programs are broken (`programs.py`):
                                        whatever a build calls `java` for fails
    workhorse:test = slow               it registers `SLOW_SECONDS` later than it would,
    workhorse:test = slow=SECONDS       or so many virtual seconds later

An instance reads the tag once, when it boots: tagging an image changes no machine that runs.
"""

import os
import threading
from dataclasses import dataclass

from workhorse.local.agent.cloud import Cloud
from workhorse.local.clock import ScaledClock

TAG = "workhorse:test"
NEVER_REGISTERS = "never-registers"
FAILS_SMOKE = "fails-smoke"
SLOW = "slow"

SLOW_SECONDS = 1800.0
"""Virtual seconds that a slow image takes longer: beyond every boot that is still healthy."""

PAUSE_SECONDS = 0.2
"""Real seconds between two looks at the time, and at the cloud that may have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What of an image an embedded agent shows."""

    registers: bool = True
    healthy: bool = True
    """Its programs run."""
    delay_seconds: float = 0.0
    """Virtual seconds beyond a good image's boot."""

    def wait(self, clock: ScaledClock) -> bool:
        """Boot as long as the image takes; false when the cloud ended meanwhile.

        An image that never registers is waited for until then.
        """
        parent = os.getppid()
        rest = threading.Event()
        due = clock.now() + self.delay_seconds
        while not self.registers or clock.now() < due:
            if os.getppid() != parent:
                return False
            rest.wait(PAUSE_SECONDS)
        return True


def image(cloud: Cloud, image_id: str) -> Image:
    """The image of that id, good unless its tag says otherwise.

    Raises:
        ValueError: the tag says what no agent knows.
        OSError, CallError: the cloud did not answer, or refused.
    """
    told = cloud.tag(image_id, TAG)
    kind, _, seconds = told.partition("=")
    if kind == SLOW:
        return Image(delay_seconds=float(seconds or SLOW_SECONDS))
    if told not in {"", NEVER_REGISTERS, FAILS_SMOKE}:
        raise ValueError(f"{image_id}: tag {TAG}: {told!r} is nothing that an image can be")
    return Image(registers=told != NEVER_REGISTERS, healthy=told != FAILS_SMOKE)
