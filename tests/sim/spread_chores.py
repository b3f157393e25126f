"""Tasks for the tests of `spread`, and a program that is killed in the middle of them.

They lie in a module of their own because a process that is spawned has to import them.
"""

import os
import sys
from pathlib import Path

from workhorse.sim.spread import Kept, Task, spread
from workhorse.sim.workers import workers


def third(number: int) -> dict[str, float]:
    """A number that needs all its digits."""
    return {"number": number, "third": number / 3}


def refused(number: int) -> float:
    """Fails for odd numbers."""
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number / 2


def dies(_number: int) -> None:
    """End the process that runs it, as the kernel does when memory is short."""
    os._exit(9)


def logged(number: int, folder: str) -> int:
    """Write down that it ran and in which process; the third hangs until somebody writes to it."""
    with (Path(folder) / "ran").open("a") as ran:
        ran.write(f"{number} {os.getpid()}\n")
    if number == 2:
        (Path(folder) / "gate").read_text()
    return number * 10


def logging(folder: Path) -> tuple[Task, ...]:
    """Four tasks of which the third hangs."""
    return tuple(
        Task(name=f"task {n}", key=f"logged {n}", run=logged, arguments=(n, str(folder)))
        for n in range(4)
    )


if __name__ == "__main__":
    FOLDER = Path(sys.argv[1])
    with workers(1) as executor:
        spread(logging(FOLDER), executor, kept=Kept(FOLDER / "kept.jsonl"))
