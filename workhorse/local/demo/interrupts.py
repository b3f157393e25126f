"""Ctrl-C and SIGTERM: the first one ends the demo in order, further ones do not disturb that."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def arm() -> None:
    """Let the next of the two raise KeyboardInterrupt, once."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)


@contextlib.contextmanager
def put_off() -> Iterator[None]:
    """An interrupt that comes inside the block is heard at its end, not in the middle of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    usual = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, lambda late, _frame: came.append(late))
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def wait() -> None:
    """Wait for one of the two, and be ready for the next."""
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    arm()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
