"""Let every module of moto read the virtual clock.

moto imports `utcnow` by name into more than a hundred modules, so replacing the name in one
of them changes one. The function itself gets a new body instead: all of them follow, those
that are not yet imported as well, and `unix_time` too, which calls it.
"""

from datetime import datetime
from types import CodeType

from moto.core import utils

from workhorse.local.aws.engine import utc
from workhorse.local.clock import ScaledClock

_HOOK = "_virtual_utcnow"
_code: CodeType | None = None


def use(clock: ScaledClock) -> None:
    """Give moto's utcnow the virtual time of a clock."""
    global _code  # noqa: PLW0603 (the function is moto's and global)

    def virtual() -> datetime:
        return utc(clock.now())

    utils.__dict__[_HOOK] = virtual
    if _code is None:
        _code = utils.utcnow.__code__
        utils.utcnow.__code__ = compile(
            f"def utcnow(): return {_HOOK}()", utils.__file__, "exec"
        ).co_consts[0]


def restore() -> None:
    """Give moto's utcnow its own body back."""
    global _code  # noqa: PLW0603 (the function is moto's and global)
    if _code is not None:
        utils.utcnow.__code__ = _code
        _code = None
        del utils.__dict__[_HOOK]
