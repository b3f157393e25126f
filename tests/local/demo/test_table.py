"""The live table, and the plain lines where there is no terminal."""

import io

import pytest
from rich.console import Console

from workhorse.local.demo.table import HEADINGS, Row, clock_face, live_table, plain_line

ROWS = (
    Row(pool="linux", queue=3, desired=5, booting=2, busy=3, idle=0, draining=1, wait=12.4),
    Row(pool="macos", queue=0, desired=1, idle=1, wait=0),
)


def test_the_table_shows_a_row_for_each_pool_under_its_headings() -> None:
    out = Console(file=io.StringIO(), width=100)
    out.print(live_table(ROWS, since=3723, done=7, asked=9, note="a note"))
    assert isinstance(out.file, io.StringIO)
    text = out.file.getvalue()
    assert all(heading in text for heading in HEADINGS)
    assert "1:02:03   builds 7/9" in text
    assert "a note" in text
    linux = next(line for line in text.splitlines() if "linux" in line)
    assert [cell for cell in linux.split() if cell[0].isdigit()] == [
        "3",
        "5",
        "2",
        "3",
        "0",
        "1",
        "12",
    ]


def test_the_plain_line_adds_the_pools_up() -> None:
    assert plain_line(ROWS, since=3723, done=7, asked=9) == (
        "1:02:03  builds 7/9  queue 3  desired 6  booting 2  busy 3  idle 1  draining 1  wait 12 s"
    )


@pytest.mark.parametrize(
    ("seconds", "face"), [(0, "0:00:00"), (-65, "-0:01:05"), (-0.2, "0:00:00"), (7199.9, "1:59:59")]
)
def test_the_clock_face_counts_from_the_beginning(seconds: float, face: str) -> None:
    assert clock_face(seconds) == face
