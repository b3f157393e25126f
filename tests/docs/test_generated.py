"""The generated parts of the documents are what would be generated now."""

import shutil
from pathlib import Path

import pytest

from scripts import generated, sources
from workhorse.__main__ import parser

ROOT = sources.ROOT

PAGES = generated.pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_generated_part_is_stale(path: Path) -> None:
    assert path.read_text() == PAGES[path], "run ./inv docs"


def test_every_part_is_on_some_page() -> None:
    text = "".join(PAGES.values())

    assert [name for name in generated.parts() if f"<!-- generated: {name} -->" not in text] == []


def test_writing_changes_stale_pages_only(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docs/machines.md", tmp_path / "fresh.md")
    stale = tmp_path / "stale.md"
    text = (ROOT / "docs/machines.md").read_text()
    stale.write_text(text.replace("| WORKING |", "| RESTING |"))

    assert generated.write_all(tmp_path) == [stale]
    assert stale.read_text() == text


def test_an_unknown_part_is_an_error() -> None:
    with pytest.raises(KeyError):
        generated.render("<!-- generated: nonsense -->\n<!-- end of nonsense -->")


def test_the_documented_commands_are_those_that_exist() -> None:
    offered = parser().format_usage()

    assert f"{{{','.join(generated.COMMANDS)}}}" in offered
