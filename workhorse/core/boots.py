"""How long an agent of a pool may take to boot: one number for all who count on it.

The operator says `boot_seconds`, and nobody expects less where an agent counts as capacity.
A pool whose agents take longer says so itself: by the slowest of a hundred boots that were learned,
from the first on, and while nobody registers by trying: what was given up doubles the patience with
those that come after it.
Whoever counts on a boot is given the pool with that number in its policy and knows nothing of this.
"""

from dataclasses import replace

from workhorse.core.learn import Learned
from workhorse.core.model import Policy, Pool

BOOT_SHARE = 0.99
"""The learned boot time is what this share of the boots kept to."""
LONGEST_SECONDS = 1800.0
"""What is learned or tried raises nobody's patience beyond this; only the operator may.

An instance counts as capacity for as long as it is waited for, so this bounds how long builds may
wait for one that never comes; and two launches in an hour for nothing are cheap enough.
"""


def expected_boot(policy: Policy, learned: Learned) -> float:
    """How long a boot of the pool may take, in seconds, for those who count on it."""
    return max(usual_boot(policy, learned), min(learned.patience.seconds, LONGEST_SECONDS))


def usual_boot(policy: Policy, learned: Learned) -> float:
    """The same while agents register: what was said or learned, whichever is longer."""
    return max(policy.boot_seconds, min(learned.boot(BOOT_SHARE) or 0.0, LONGEST_SECONDS))


def expecting(pool: Pool, learned: Learned) -> Pool:
    """The pool as its boots were learned; itself when that is no more than `boot_seconds`."""
    seconds = expected_boot(pool.policy, learned)
    if seconds == pool.policy.boot_seconds:
        return pool
    return replace(pool, policy=replace(pool.policy, boot_seconds=seconds))
