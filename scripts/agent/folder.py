"""What registration leaves behind for the other programs of the agent, in /run/workhorse.

agent.env, answer.json and late.* may be read by anybody, secret and lease by root alone.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

RUN = Path("/run/workhorse")

OURS, EVERYBODYS = 0o600, 0o644


def keep(path: Path, content: str | bytes, mode: int) -> None:
    """Write a file that appears whole or not at all, and never for more eyes than its mode says.

    Several programs may do so at once: the watcher and the cache renew the same lease.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    data = content.encode() if isinstance(content, str) else content
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        os.fchmod(out.fileno(), mode)
        out.write(data)
    half.rename(path)


def environment(values: Mapping[str, str]) -> str:
    """Lines for systemd's EnvironmentFile; what has spaces is quoted."""
    quoted = {name: f'"{value}"' if " " in value else value for name, value in values.items()}
    return "".join(f"{name}={value}\n" for name, value in quoted.items())


def keep_agent(run: Path, values: Mapping[str, str], secret: str) -> None:
    """Leave what the agent is started with."""
    keep(run / "secret", secret, OURS)
    keep(run / "agent.env", environment(values), EVERYBODYS)


def keep_lease(run: Path, lease: str) -> None:
    """Leave the bearer that opens the gateway for this agent."""
    keep(run / "lease", lease, OURS)


def lease_of(run: Path) -> str:
    """The bearer that was left; empty for none."""
    try:
        return (run / "lease").read_text().strip()
    except FileNotFoundError:
        return ""


def keep_answer(run: Path, answer: Mapping[str, object]) -> None:
    """Leave what the gateway said, without what is secret."""
    keep(run / "answer.json", json.dumps(answer), EVERYBODYS)


def answer_of(run: Path) -> dict[str, object]:
    """What the gateway said; empty for nothing."""
    try:
        found = json.loads((run / "answer.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
