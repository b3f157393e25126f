"""Reading a window out of a recorded day."""

from pathlib import Path

import pytest

from workhorse.local.demo.trace import Arrival, labels_of, peak, read_window

TRACE = """arrival_s,duration_s,label
3599,100,linux
3700,50,windows
3600,100,linux
3650,4,linux
7200,100,linux
"""


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv"
    path.write_text(TRACE)
    return path


def test_a_window_holds_what_arrives_in_it_in_order_and_leaves_out_tiny_jobs(trace: Path) -> None:
    assert read_window(trace, start_hours=1, hours=1) == (
        Arrival(after=0, seconds=100, label="linux"),
        Arrival(after=100, seconds=50, label="windows"),
    )


def test_an_empty_window_is_refused_with_the_hour_of_the_next_build(trace: Path) -> None:
    with pytest.raises(ValueError, match=r"no build from hour 9 on for 1 hours; none comes later"):
        read_window(trace, start_hours=9, hours=1)
    with pytest.raises(ValueError, match=r"no build from .*; the next comes at hour 0\.99"):
        read_window(trace, start_hours=0, hours=0.9)


LONG_FIELD = b"arrival_s,duration_s,label\n1,2," + b"x" * 200_000


@pytest.mark.parametrize(
    "content",
    [b"a,b\n1,2\n", b"\xb5" * 9_000, LONG_FIELD],
    ids=["other columns", "no text", "a long field"],
)
def test_what_is_no_trace_is_refused_in_a_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is no trace: .{1,200}$"):
        read_window(path, start_hours=0, hours=1)


def test_labels_come_the_most_asked_for_first(trace: Path) -> None:
    assert labels_of(read_window(trace, start_hours=0, hours=3)) == ("linux", "windows")


def test_the_peak_is_how_many_would_run_at_once() -> None:
    arrivals = (
        Arrival(after=0, seconds=10, label="a"),
        Arrival(after=5, seconds=10, label="a"),
        Arrival(after=10, seconds=10, label="a"),
    )
    assert peak(arrivals) == 2
