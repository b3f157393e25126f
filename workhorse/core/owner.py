"""Whose node it is, as its description tells: the ledger deletes no node that is not its own.

An instance id that EC2 does not know may be of another region or account, whose EC2 we do not ask.
So whoever makes a node for us writes into its description which pool it is of, and where.
The memory of a cordon goes behind that, and changes nothing of it.
"""

import re
from dataclasses import dataclass

_OWNED = re.compile(
    r"workhorse: pool (?P<pool>\S+) of (?P<home>\d{12}/[a-z0-9-]+)(?: by (?P<way>[a-z]+))?(?= |\Z)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Which pool a node was made for, and where that pool is."""

    pool: str
    home: str
    """Account and region, as `home_of` writes them."""
    way: str = ""
    """How its agent came, in the words of `admission.Way`; empty where that is not told."""


def home_of(account: str, region: str) -> str:
    """Where a controller's pools are, as in `123456789012/eu-west-1`."""
    return f"{account}/{region}"


def owner_text(pool: str, home: str) -> str:
    """How the description of a node begins that is made for that pool."""
    return f"workhorse: pool {pool} of {home}"


def owner_of(description: str) -> Owner | None:
    """What a node's description tells of its owner; None when it tells of none."""
    found = _OWNED.match(description)
    if found is None:
        return None
    return Owner(pool=found["pool"], home=found["home"], way=found["way"] or "")
