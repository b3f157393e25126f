"""Looking for agents that outlived their cloud."""

from collections.abc import Iterable
from pathlib import Path

PROGRAM = b"workhorse.local.agent"

OURS = (PROGRAM, b"agent.jar")


def survivors(pids: Iterable[int], *, proc: Path = Path("/proc")) -> tuple[str, ...]:
    """Those of these processes that still run as an agent; numbers are used again by others."""
    return tuple(f"process {pid}" for pid in sorted(set(pids)) if _is_agent(proc / str(pid)))


def _is_agent(process: Path) -> bool:
    try:
        command = (process / "cmdline").read_bytes()
    except OSError:
        return False
    return any(word in command for word in OURS)
