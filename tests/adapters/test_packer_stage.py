"""What an older Packer is given, and what names the contents of an image."""

from pathlib import Path

import pytest

from workhorse.adapters.packer_stage import stage, tree_digest
from workhorse.core.errors import Misuse

MARKED = "a = 1\n  # >1.6 --\n  imds_support = true\n  # <1.6 --\nb = 2\n"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = tmp_path / "packer"
    (folder / "scripts").mkdir(parents=True)
    (folder / "plugins.pkr.hcl").write_text("packer {}\n")
    (folder / "agent.pkr.hcl").write_text(MARKED)
    (folder / "scripts/seal.sh").write_text("# >1.6 --\n")
    return folder


def test_what_is_marked_and_the_plugins_stay_behind(template: Path, tmp_path: Path) -> None:
    staged = stage(template, tmp_path / "out/staged")
    assert not (staged / "plugins.pkr.hcl").exists()
    assert (staged / "agent.pkr.hcl").read_text() == "a = 1\nb = 2\n"
    assert (staged / "scripts/seal.sh").read_text() == "# >1.6 --\n", "a script is no template"
    assert (template / "agent.pkr.hcl").read_text() == MARKED


def test_a_packer_with_plugins_gets_all_of_it(template: Path, tmp_path: Path) -> None:
    staged = stage(template, tmp_path / "staged", plugins=True)
    assert (staged / "plugins.pkr.hcl").exists()
    assert (staged / "agent.pkr.hcl").read_text() == MARKED


@pytest.mark.parametrize(
    "text",
    ["# >1.6 --\n", "# <1.6 --\n", "# >1.6 --\n# >1.6 --\n# <1.6 --\n"],
    ids=["not closed", "not opened", "opened twice"],
)
def test_marks_that_do_not_pair_are_our_own_mistake(
    template: Path, tmp_path: Path, text: str
) -> None:
    (template / "agent.pkr.hcl").write_text(text)
    with pytest.raises(Misuse, match=r"agent\.pkr\.hcl"):
        stage(template, tmp_path / "staged")


def test_the_digest_is_that_of_names_and_contents(template: Path) -> None:
    first = tree_digest(template)
    assert first == tree_digest(template)
    assert len(first) == 64
    (template / "agent.pkr.hcl").write_text("a = 2\n")
    second = tree_digest(template)
    (template / "agent.pkr.hcl").rename(template / "other.pkr.hcl")
    third = tree_digest(template)
    (template / "scripts/seal.sh").chmod(0o755)
    assert len({first, second, third, tree_digest(template)}) == 4


def test_tests_and_compiled_files_do_not_change_the_digest(template: Path) -> None:
    before = tree_digest(template)
    for name in ("spec", "__pycache__"):
        (template / "scripts" / name).mkdir()
        (template / "scripts" / name / "x").write_text("x")
    assert tree_digest(template) == before


def test_the_digest_of_two_trees_does_not_depend_on_where_they_lie(
    template: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    before = tree_digest(template)
    assert tree_digest(template.rename(elsewhere / "packer")) == before
