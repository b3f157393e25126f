"""Traces read, written, cut and made up."""

import gzip
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.errors import Refusal
from workhorse.sim.workload import (
    FAULTS_TOLD,
    Job,
    Week,
    generated,
    read_csv,
    write_csv,
)

TRACES = Path(__file__).parents[2] / "data/traces"


def written(folder: Path, text: str) -> Path:
    path = folder / "trace.csv"
    path.write_text(text)
    return path


def test_a_trace_is_read_in_the_order_of_arrival(tmp_path: Path) -> None:
    text = "arrival_s,duration_s,label\n20,5,linux\n10.5,7,a && b\n"

    assert read_csv(written(tmp_path, text)) == (
        Job(10.5, 7.0, "a && b"),
        Job(20.0, 5.0, "linux"),
    )


def test_a_job_may_be_named_and_a_label_stands_for_one_that_is_not(tmp_path: Path) -> None:
    text = "arrival_s,duration_s,label,job\n1,2,linux,api-tests\n3,4,linux,\n"

    assert [job.task for job in read_csv(written(tmp_path, text))] == ["api-tests", "linux"]


def test_the_shipped_trace_is_what_its_readme_says() -> None:
    jobs = read_csv(TRACES / "bitcoin-core.csv")

    assert len(jobs) == 16_366
    assert sum(job.seconds for job in jobs) / 3600 == pytest.approx(5054, abs=1)
    assert {job.label for job in jobs} == {"linux", "windows", "macos"}


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(
        tmp_path, "arrival_s,duration_s,label\n-1,5,linux\n1,2\n1,0, \nx,inf,linux\n1,1,linux\n"
    )
    with pytest.raises(Refusal) as refused:
        read_csv(path)

    assert str(refused.value).splitlines() == [
        f"trace {path}: line 2: arrival_s '-1': must be a number of seconds, 0 or more",
        f"trace {path}: line 3: 2 columns: must be 3",
        f"trace {path}: line 4: duration_s '0': must be a number of seconds above 0",
        f"trace {path}: line 4: label ' ': must not be empty",
        f"trace {path}: line 5: arrival_s 'x': must be a number of seconds, 0 or more",
        f"trace {path}: line 5: duration_s 'inf': must be a number of seconds above 0",
    ]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("1e12,5,linux", "arrival_s '1e12': must be seconds after a Monday, at most 315360000"),
        ("1700000000000,5,linux", "arrival_s '1700000000000': must be seconds after a Monday"),
        ("1,1e300,linux", "duration_s '1e300': must be at most 315360000, ten years"),
        ("1,5,li\0nux", r"label 'li\x00nux': must have no control characters"),
        ('1,5,"linux\n2,5,linux"', "must have no control characters"),
        ('1,5,"linux\n2,5,linux', "unexpected end of data: must be CSV"),
        ("1,5," + "x" * 200_000, "field larger than field limit (131072): must be CSV"),
    ],
)
def test_what_no_build_can_be_is_refused_with_its_line(
    tmp_path: Path, row: str, fault: str
) -> None:
    path = written(tmp_path, f"arrival_s,duration_s,label\n{row}\n")
    with pytest.raises(Refusal) as refused:
        read_csv(path)

    assert re.match(re.escape(f"trace {path}: line ") + r"[23]: ", str(refused.value))
    assert fault in str(refused.value)


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(b"arrival_s,duration_s,label\n1,5,linux\n2,5,gr\xf6sse\n")
    with pytest.raises(Refusal, match="line 3: byte 0xf6: must be UTF-8"):
        read_csv(path)


def test_a_trace_that_a_spreadsheet_wrote_is_read(tmp_path: Path) -> None:
    """A byte order mark before the header, and lines that end as on Windows."""
    path = tmp_path / "trace.csv"
    path.write_bytes(b"\xef\xbb\xbfarrival_s,duration_s,label\r\n1,5,linux\r\n")

    assert read_csv(path) == (Job(1.0, 5.0, "linux"),)


def test_a_trace_that_is_wrong_all_over_is_told_shortly(tmp_path: Path) -> None:
    path = written(tmp_path, "arrival_s,duration_s,label\n" + "x,1,linux\n" * 50)
    with pytest.raises(Refusal) as refused:
        read_csv(path)

    lines = str(refused.value).splitlines()
    assert len(lines) == FAULTS_TOLD + 1
    assert lines[-1] == f"trace {path}: {50 - FAULTS_TOLD} more faults"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "line 1: header '': must be arrival_s,duration_s,label"),
        ("when,how long\n", "line 1: header 'when,how long': must be"),
    ],
)
def test_another_header_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(Refusal, match=rule):
        read_csv(written(tmp_path, text))


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    torn = tmp_path / "trace.csv.gz"
    torn.write_bytes(gzip.compress(b"arrival_s,duration_s,label\n")[:-6])
    for path in (tmp_path / "none.csv", torn):
        with pytest.raises(Refusal, match=f"trace {path}: cannot be read"):
            read_csv(path)


JOBS = st.builds(
    Job,
    st.integers(0, 10**7).map(lambda n: n / 10),
    st.integers(1, 10**6).map(lambda n: n / 10),
    st.sampled_from(["linux", 'a || "b c"', "x,y"]),
    st.sampled_from(["", "api tests", "a,b"]),
)


@given(jobs=st.lists(JOBS, max_size=20), packed=st.booleans())
def test_what_was_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, jobs: list[Job], *, packed: bool
) -> None:
    path = tmp_path_factory.mktemp("traces") / ("t.csv.gz" if packed else "t.csv")
    write_csv(jobs, path)

    assert read_csv(path) == tuple(sorted(jobs))


def test_the_same_seed_makes_up_the_same_week() -> None:
    assert generated(Week(), 1) == generated(Week(), 1)
    assert generated(Week(), 1) != generated(Week(), 2)


def test_a_made_up_week_has_the_shape_that_was_asked_for() -> None:
    """Over 40 weeks: the mean of each figure within some percent of its parameter."""
    shape = Week(days=280, labels={"linux": 3, "windows": 1})
    jobs = generated(shape, 3)
    days = [sum(1 for j in jobs if int(j.arrival // 86_400) % 7 == day) / 40 for day in range(7)]
    usual = shape.pushes_per_day * shape.builds_per_push
    night = [j for j in jobs if int(j.arrival // 3600) % 24 == 3 and j.arrival // 86_400 % 7 < 5]

    assert days[:5] == pytest.approx([usual] * 5, rel=0.15)
    assert days[5:] == pytest.approx([usual * shape.weekend] * 2, rel=0.3)
    assert len(night) / 200 == pytest.approx(usual / sum(shape.profile), rel=0.3)
    assert sorted(j.seconds for j in jobs)[len(jobs) // 2] == pytest.approx(600, rel=0.05)
    assert sum(j.label == "linux" for j in jobs) / len(jobs) == pytest.approx(0.75, abs=0.02)
    assert all(a.arrival <= b.arrival for a, b in pairwise(jobs))


def test_a_shape_that_makes_no_week_is_refused_with_all_its_faults() -> None:
    with pytest.raises(Refusal) as refused:
        Week(days=0, builds_per_push=0.5, labels={}, profile=(1.0,))

    assert str(refused.value).splitlines() == [
        "workload: days 0: must be above 0",
        "workload: profile (1.0,): must be 24 figures of 0 or more, not all 0",
        "workload: builds_per_push 0.5: must be 1 or more",
        "workload: labels {}: must be at least one, each above 0",
    ]
