"""Documentation that cannot lie: tables are those of the HCL, and everything is described."""

import runpy
from pathlib import Path
from typing import Any

import pytest

GENERATOR = runpy.run_path(str(Path(__file__).with_name("module_readme.py")))
MODULES = GENERATOR["documented"]()
blocks: Any = GENERATOR["blocks"]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_the_tables_are_fresh(module: Path) -> None:
    stale = "stale: run python tests/infra/module_readme.py"
    assert GENERATOR["renewed"](module) == (module / "README.md").read_text(), stale


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_has_its_five_faces(module: Path) -> None:
    faces = {"variables.tf", "outputs.tf", "versions.tf", "README.md"}
    assert faces <= {path.name for path in module.iterdir()}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
@pytest.mark.parametrize("kind", ["variable", "output"])
def test_everything_is_described_in_a_sentence(module: Path, kind: str) -> None:
    for name, held in blocks(module, kind).items():
        assert held["description"].strip().endswith("."), f"{kind} {name} of {module.name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_rule_quotes_the_variable_and_lists_what_is_legal(module: Path) -> None:
    for name, held in blocks(module, "variable").items():
        rules = held.get("validation", [])
        for rule in [rules] if isinstance(rules, dict) else rules:
            assert rule["error_message"].startswith(name), name
            assert "legal: " in rule["error_message"] or "is empty" in rule["error_message"], name
            assert f"var.{name}" in rule["error_message"] or "is empty" in rule["error_message"]


def test_the_modules_are_told_by_name() -> None:
    assert [module.name for module in MODULES] == [
        "example",
        "complete",
        "minimal",
        "agent-pool",
        "cache-volumes",
        "control-plane",
        "image-builder",
        "policy",
    ]
