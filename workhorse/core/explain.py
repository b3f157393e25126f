"""Why desired capacity changed, told from the journal, a line for each thing that was done.

Each change has its decision, or the agent that was ended, beside it in the journal.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Record = Mapping[str, Any]

_STEP = re.compile(r"\w+: (-?\d+) -> (-?\d+) ")
"""How `core.model.Reason` prints: the rule, the number before and after."""

_SHOWN = 5
"""How many items that no pool can run are named in one line."""


def explain(records: Iterable[Record], *, pool: str = "") -> Iterator[str]:
    """Lines that say what became of every pool's size, oldest first.

    Args:
        records: the journal, oldest record first.
        pool: only of this pool, and what is of none; of all when empty.
    """
    homes: dict[str, str] = {}
    for record in records:
        instance, of = str(record.get("instance", "")), record.get("pool")
        if instance and of is not None:
            homes[instance] = str(of)
        # An effect names its instance alone; the drain that asked for it was told before.
        if pool and homes.get(instance, of) not in (None, pool):
            continue
        try:
            text = _text(record)
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            OSError,
            TypeError,
            ValueError,
        ) as odd:
            kind = record.get("kind")
            text = f"a record {kind} that cannot be told, as of another version: {odd!r}"
        if text:
            yield _shown(text)


def _text(record: Record) -> str:
    """The line of a record that is as we write it; empty where there is nothing to tell."""
    told = _TELL.get(str(record.get("kind")))
    text = told(record) if told is not None else ""
    return f"{_time(record)} {text}" if text else ""


def _shown(text: str) -> str:
    """The text without what ends a line, moves a cursor or turns writing around.

    Agents and jobs are named and quoted here, and their words are anybody's.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else "?" for one in text)


def _decision(record: Record) -> str:
    asked = []
    if record["set_desired"] is not None:
        asked.append(f"desired {record['desired']} -> {record['set_desired']}")
    if record["recall"]:
        asked.append(f"called back {', '.join(record['recall'])}")
    if record["leave"]:
        asked.append(f"chosen to leave {', '.join(record['leave'])}")
    if not asked:
        return ""
    reasons = "; ".join(_telling(record["reasons"]))
    return f"{record['pool']}: {' and '.join(asked)}; target {record['target']} by {reasons}"


def _telling(reasons: Sequence[str]) -> Sequence[str]:
    """The steps that moved the number; the first where none did."""
    moved = [reason for reason in reasons if (step := _STEP.match(reason)) and step[1] != step[2]]
    return moved or reasons[:1]


def _desired(record: Record) -> str:
    before, after = record["before"], record["after"]
    return f"{record['pool']}: desired reads {before} -> {after}: {record['because']}"


def _effect(record: Record) -> str:
    if record.get("effect") == "UseTemplateVersion":
        return f"{record['group']}: launches version {record['version']}: {record['because']}"
    if record.get("effect") != "TerminateInstance":
        return ""
    less = ", desired less one" if record["decrement"] else ""
    return f"{record['instance']}: ended{less}: {record['because']}"


def _rollout(record: Record) -> str:
    before, after = record["before"], record["after"]
    moved = before if before == after else f"{before} -> {after}"
    return f"{record['pool']}: rollout {record['order']}: {moved}: {record['because']}"


def _unplaced(record: Record) -> str:
    if not record["items"]:
        return ""
    told = "; ".join(f"{item['task']}: {item['because']}" for item in record["items"][:_SHOWN])
    more = len(record["items"]) - _SHOWN
    return f"queued and counted for no pool: {told}{f'; and {more} more' if more > 0 else ''}"


def _failed(record: Record) -> str:
    return f"{record['effect']} failed: {record['error']}"


def _blind(record: Record) -> str:
    return f"not everything could be read: {'; '.join(record['notes'])}"


def _session(record: Record) -> str:
    return f"Jenkins runs as session {record['session']}: nothing is destroyed for a while"


def _ledger(record: Record) -> str:
    detail = f" ({record['detail']})" if record.get("detail") else ""
    over = record["state"] == "over"
    told = f"{record['disagreement']}{' is over' if over else ''}{detail}"
    return f"{record['pool']}: {record['subject']}: {told}: {record['because']}"


def _time(record: Record) -> str:
    return datetime.fromtimestamp(float(record["at"]), UTC).strftime("%Y-%m-%d %H:%M:%S")


_TELL = {
    "decision": _decision,
    "desired": _desired,
    "effect": _effect,
    "rollout": _rollout,
    "unplaced": _unplaced,
    "ledger": _ledger,
    "failed": _failed,
    "blind": _blind,
    "session": _session,
}
