"""docs/simulator.md holds what the code holds: assumptions, constants, and an example that runs."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from workhorse.sim import __main__ as door
from workhorse.sim import rivals
from workhorse.sim.fleet import Fleet, Machines
from workhorse.sim.rivals import ec2_fleet, ec2_plugin

PAGE = Path(__file__).parents[2] / "docs/simulator.md"
CONSTANTS = {
    "ec2-plugin": (
        ec2_plugin,
        ("MARGIN", "MARGIN_EMPTY", "MARGIN_DECAY", "DECAY", "CHECK_LOOKS"),
    ),
    "ec2-fleet": (ec2_fleet, ("CHECK_LOOKS",)),
}
"""Constants of a rival that are no settings."""


def part(name: str) -> str:
    found = re.search(rf"<!-- {name} -->(.*)<!-- end of {name} -->", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def rows(name: str) -> list[list[str]]:
    """The cells of a table, its head left out."""
    lines = [line for line in part(name).splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def held(name: str) -> Iterator[tuple[str, str, str]]:
    """What a rival's class has: its pace, its settings and its constants."""
    kind = rivals.RIVALS[name]
    yield name, "looks every", f"{kind.period:g} s"
    for field in fields(kind):
        if field.init:
            yield name, field.name, str(field.default)
    module, constants = CONSTANTS.get(name, (None, ()))
    for constant in constants:
        yield name, constant, str(getattr(module, constant))


def test_the_table_of_rivals_is_that_of_their_classes() -> None:
    told = [tuple(row[:3]) for row in rows("rivals")]

    assert told == [each for name in rivals.RIVALS for each in held(name)]
    assert all(len(row) == 4 and row[3] for row in rows("rivals"))


def test_every_rival_names_its_sources_and_keeps_to_a_hundred_lines() -> None:
    folder = Path(rivals.__file__).parent
    for name, kind in rivals.RIVALS.items():
        source = (folder / f"{kind.__module__.split('.')[-1]}.py").read_text()
        assert len(source.splitlines()) <= 100, name
        assert name == "fixed" or "Sources:" in str(kind.__doc__), name


def test_the_table_of_assumptions_is_that_of_the_fleet() -> None:
    known = {f.name: f.default for kind in (Machines, Fleet) for f in fields(kind)}
    known |= {"boot": "60:120"}
    for left_out in ("labels", "machines", "pools"):
        del known[left_out]

    assert {row[0]: row[1] for row in rows("assumptions")} == {k: str(v) for k, v in known.items()}


def test_the_example_of_a_rollout_ends_as_the_command_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    made = re.search(r"^\$ python -m workhorse\.sim (generate .*)$", part("example"), re.MULTILINE)
    assert made is not None
    assert door.main(made[1].split()) == 0
    told = part("rollout example").split("```text\n")[1].rpartition("```")[0]
    words, _, output = told.removeprefix("$ python -m workhorse.sim ").partition("\n")
    capsys.readouterr()
    assert door.main([*words.split(), "--quiet"]) == 0
    assert capsys.readouterr().out.endswith(f"\n{output.strip()}\n")


def test_the_example_is_what_the_commands_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    told = part("example").split("```text\n")[1].rpartition("```")[0]
    blocks = re.split(r"^\$ python -m workhorse\.sim ", told, flags=re.MULTILINE)[1:]
    for block in blocks:
        words, _, output = block.partition("\n")
        assert door.main([*words.split(), *["--quiet"] * words.startswith("simulate")]) == 0
        assert capsys.readouterr().out.strip() == output.strip()

    assert len(blocks) == 2
