"""The replay with cache volumes: what it counts, and that choosing zones only chooses zones."""

from pathlib import Path

import pytest

from workhorse.core.errors import Refusal
from workhorse.sim.cache import main, played, table
from workhorse.sim.fleet import fleet
from workhorse.sim.replay import cut
from workhorse.sim.workload import Job, read_csv, write_csv

ROOT = Path(__file__).parents[2]

# One build at a time, far enough apart that each finds another agent.
LONELY = tuple(Job(arrival=hour * 3600.0, seconds=60.0, label="linux") for hour in range(6))


def test_agents_after_the_first_find_what_it_left_when_there_is_one_volume_in_each_zone() -> None:
    row = played(LONELY, fleet({}), volumes=3)

    assert (row.claims.new, row.claims.warm, row.claims.none) == (1, 5, 0)
    assert row.launched_in_zones == 0


def test_without_volumes_nobody_finds_one() -> None:
    row = played(LONELY, fleet({}), volumes=0, preferring=True)

    assert (row.claims.none, row.claims.hit_rate) == (6, 0.0)


BURSTS = tuple(
    Job(arrival=hour * 7200.0, seconds=300.0, label="linux")
    for hour, builds in enumerate((6, 2, 2, 2))
    for _ in range(builds)
)
"""First many builds at once, then few."""


def test_who_prefers_warm_zones_finds_more_where_volumes_lie_unevenly() -> None:
    plain, warm = (
        played(BURSTS, fleet({}), volumes=3, gathered=True, preferring=preferring)
        for preferring in (False, True)
    )

    assert warm.launched_in_zones > 0
    assert warm.claims.hit_rate > plain.claims.hit_rate
    agents = [c.warm + c.new + c.none for c in (plain.claims, warm.claims)]
    assert agents[0] == agents[1], "only the zone is chosen, never how many"


def test_the_command_prints_a_row_for_each_number_of_volumes_and_each_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(LONELY[:2], tmp_path / "trace.csv")

    assert main(["--trace", str(tmp_path / "trace.csv"), "--volumes", "1", "--volumes", "2"]) == 0

    lines = capsys.readouterr().out.splitlines()[2:]
    assert len({tuple(line.split("|")[1:4]) for line in lines}) == len(lines) == 8


def test_a_trace_that_is_none_is_refused(tmp_path: Path) -> None:
    write_csv([], tmp_path / "trace.csv")

    with pytest.raises(Refusal, match="0 builds"):
        main(["--trace", str(tmp_path / "trace.csv")])


def test_the_recorded_table_is_what_the_command_says_of_the_recorded_builds() -> None:
    """One row is played again; all were written by one run."""
    page = (ROOT / "docs/cache.md").read_text()
    jobs = cut(read_csv(ROOT / "data/traces/bitcoin-core.csv"), 3)
    row = played(jobs, fleet({}), volumes=12, gathered=True, preferring=True)

    for line in table([row]).splitlines():
        assert f"{line}\n" in page
