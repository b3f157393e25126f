"""Making room in the cache: what goes first, what goes last, and what is never touched."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.agent import cache_clean
from scripts.agent.cache_clean import clean, entries, fill_of, used_at

DAY = 86_400
Fill = Callable[[Path], None]


def file(path: Path, days_ago: float = 0, *, read: float | None = None) -> Path:
    """A file written so many days ago, and read later if that is said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    now = 1_700_000_000
    accessed = now - (days_ago if read is None else read) * DAY
    os.utime(path, (accessed, now - days_ago * DAY))
    for folder in path.relative_to(path.parents[3]).parents:
        os.utime(path.parents[3] / folder, (now - 99 * DAY, now - 99 * DAY))
    return path


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fill:
    """Have the disk be as full as there are files on it: ten fill it."""

    def counted(place: Path) -> float:
        return sum(1 for path in place.rglob("*") if path.is_file()) / 10

    def make(place: Path) -> None:
        assert place == tmp_path
        monkeypatch.setattr(cache_clean, "fill_of", counted)

    return make


def names(place: Path) -> list[str]:
    return sorted(str(p.relative_to(place)) for p in place.rglob("*") if p.is_file())


def test_an_entry_was_used_when_anything_of_it_was_last_read_or_written(tmp_path: Path) -> None:
    old = file(tmp_path / "git/old/pack", 5)
    file(tmp_path / "git/old/index", 9)
    read = file(tmp_path / "git/read/pack", 9, read=1)

    assert used_at(read.parent) > used_at(old.parent)
    assert [e.name for e in entries(tmp_path)] == ["old", "read"]


def test_roots_are_never_entries_and_what_lies_elsewhere_is_nobodys(tmp_path: Path) -> None:
    file(tmp_path / "bazel/repository/content_addressable/sha256/aa/file", 3)
    file(tmp_path / "maven/repository/org/a.jar", 2)
    file(tmp_path / "lost+found/inode/x", 9)
    file(tmp_path / "docker/overlay2/x", 9)

    found = [str(entry.relative_to(tmp_path)) for entry in entries(tmp_path)]

    assert found == [
        "bazel/repository/content_addressable/sha256/aa",
        "maven/repository/org",
    ]


def test_what_was_not_used_for_longest_goes_until_there_is_enough_room(
    tmp_path: Path, full: Fill
) -> None:
    for days in range(9):
        file(tmp_path / f"git/repo{days}/pack", days)
    full(tmp_path)

    clean(tmp_path, with_docker=True)

    assert names(tmp_path) == [f"git/repo{days}/pack" for days in range(7)]


def test_nothing_goes_while_there_is_room(tmp_path: Path, full: Fill) -> None:
    for days in range(8):
        file(tmp_path / f"git/repo{days}/pack", days)
    full(tmp_path)

    clean(tmp_path, with_docker=True)

    assert len(names(tmp_path)) == 8


@pytest.mark.parametrize(("with_docker", "left"), [(True, 7), (False, 9)])
def test_dockers_part_goes_last_and_only_while_docker_does_not_run(
    tmp_path: Path, full: Fill, left: int, *, with_docker: bool
) -> None:
    file(tmp_path / "git/repo/pack", 0)
    for number in range(9):
        file(tmp_path / f"docker/part{number}/x", 99)
    full(tmp_path)

    clean(tmp_path, with_docker=with_docker)

    assert len(names(tmp_path)) == left
    assert "git/repo/pack" not in names(tmp_path)


def test_a_link_goes_and_what_it_points_to_stays(tmp_path: Path, full: Fill) -> None:
    """Builds write here: what they link to must not be removed by root."""
    place, elsewhere = tmp_path, file(tmp_path.parent / f"{tmp_path.name}-home/a/b/c")
    for number in range(9):
        file(place / f"npm/_cacache/part{number}/x", 1)
    (place / "git").symlink_to(elsewhere.parents[1])
    (place / "npm/link").symlink_to(elsewhere.parents[1])
    full(place)

    clean(place, with_docker=True)

    assert elsewhere.read_text() == "x"
    assert (place / "git").is_symlink(), "a root that is a link is left alone"


def test_a_link_on_the_way_to_a_root_of_ours_leads_nowhere(tmp_path: Path) -> None:
    """Docker, too, has a directory named sha256, and a build may link to above it."""
    dockers = file(tmp_path / "docker/image/content/sha256/layer", 99)
    (tmp_path / "bazel/repository").mkdir(parents=True)
    link = tmp_path / "bazel/repository/content_addressable"
    link.symlink_to(dockers.parents[1])

    assert [str(entry) for entry in entries(tmp_path)] == []


def test_the_fill_is_of_blocks_or_of_inodes_whichever_is_fuller(tmp_path: Path) -> None:
    assert 0 <= fill_of(tmp_path) <= 1
