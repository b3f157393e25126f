"""What the ledger needs of EC2 beyond what the other loops do; read seldom.

As in `loops/ports.py`: every call may raise `Surprise`, none retries.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from workhorse.core.disagreements import Owned


class Belongings(Protocol):
    """EC2, as far as it tells what is ours."""

    def owned(self, pools: Sequence[str]) -> Sequence[Owned]:
        """Every instance that carries the tag of one of these pools, ended ones apart."""

    def made(self, images: Iterable[str]) -> Mapping[str, float]:
        """When each of these images was made; one that EC2 does not know is absent."""
