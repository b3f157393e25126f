"""What a running demo shows: one row a pool, as a live table or as plain lines. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

HEADINGS = ("pool", "queue", "desired", "booting", "busy", "idle", "draining", "wait")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One pool at one moment.

    `queue` counts builds that wait, `wait` is the oldest one's age in virtual seconds; `busy` and
    `idle` count agents that take builds, `draining` those that take none any more, `booting`
    instances that no node answers for yet.
    """

    pool: str
    queue: int = 0
    desired: int = 0
    booting: int = 0
    busy: int = 0
    idle: int = 0
    draining: int = 0
    wait: float = 0.0

    def cells(self) -> tuple[str, ...]:
        """As the table shows it, in the order of `HEADINGS`."""
        counts = (self.queue, self.desired, self.booting, self.busy, self.idle, self.draining)
        return (self.pool, *map(str, counts), f"{self.wait:.0f} s")


def clock_face(seconds: float) -> str:
    """Virtual time since the beginning as H:MM:SS; before it, with a minus sign."""
    whole = int(abs(seconds))
    sign = "-" if seconds <= -1 else ""
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def live_table(rows: Sequence[Row], *, since: float, done: int, asked: int, note: str) -> Table:
    """The table for a terminal; `since` is the virtual time since the beginning, in seconds."""
    title = f"{clock_face(since)}   builds {done}/{asked}"
    table = Table(title=title, caption=note, title_justify="left", caption_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "pool" else "right")
    for row in rows:
        table.add_row(*row.cells())
    return table


def plain_line(rows: Sequence[Row], *, since: float, done: int, asked: int) -> str:
    """The same in one line, the pools added up, for a log."""
    total = Row(
        pool="all",
        queue=sum(row.queue for row in rows),
        desired=sum(row.desired for row in rows),
        booting=sum(row.booting for row in rows),
        busy=sum(row.busy for row in rows),
        idle=sum(row.idle for row in rows),
        draining=sum(row.draining for row in rows),
        wait=max((row.wait for row in rows), default=0.0),
    )
    pairs = zip(HEADINGS[1:], total.cells()[1:], strict=True)
    said = "  ".join(f"{name} {value}" for name, value in pairs)
    return f"{clock_face(since)}  builds {done}/{asked}  {said}"
