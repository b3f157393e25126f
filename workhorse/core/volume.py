"""A warm cache disk: an EBS volume that an agent claims at boot, mounts, and hands on.

Everything of it that must survive is on the volume itself: EC2's attachment is the lock, tags are
the memory.
"""

from dataclasses import dataclass

from workhorse.core.agents import Tier

POOL_TAG = "workhorse:cache"
"""Name of the pool whose agents claim it."""
TIER_TAG = "workhorse:tier"
"""The trust tier it is of."""
USED_TAG = "workhorse:used-at"
"""When it was last claimed or released, seconds since the epoch; absent: never."""
FILL_TAG = "workhorse:fill"
"""How full it was when it was last released or told of, 0 to 1."""
STATE_TAG = "workhorse:cache-state"
"""`corrupt` when it could not be mounted: it is wiped before it is used again; `foreign` when it
holds what no agent wrote: a person looks at it; anything else, or absent: sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One cache volume as EC2 shows it."""

    id: str
    zone: str
    pool: str
    tier: Tier
    state: str
    """EC2's: creating, available, in-use, deleting, deleted, error."""
    attached_to: str = ""
    """The instance that holds it; empty for none."""
    attachment: str = ""
    """EC2's: attaching, attached, busy, detaching, detached; empty for none."""
    attached_at: float | None = None
    """When it was attached, where EC2 tells."""
    device: str = ""
    """The name it is attached by, as `/dev/sdf`; empty for none."""
    used_at: float | None = None
    created_at: float = 0
    fill: float | None = None
    from_snapshot: bool = False
    """It was made from a snapshot: it holds something though nobody used it yet."""
    corrupt: bool = False
    """The last agent could not repair it."""
    foreign: bool = False
    """The last agent found what it may not wipe."""
