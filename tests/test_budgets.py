"""The budgets: how long a function, a module and a shell file may be.

What is over its budget stands here by name with its reason.
"""

from scripts import sources
from tests.trees import length, modules

ROOT = sources.ROOT

FUNCTION_LINES = 40
TEST_FUNCTION_LINES = 70
"""A test may spell out a table."""
MODULE_LINES = 300
TEST_MODULE_LINES = 450
"""A file of tests follows one subject; half as much again is room for its examples."""
SHELL_LINES = 80

LONG_FUNCTIONS = {"workhorse.loops.perform.perform": "the one match over effects"}
"""Functions over the budget: `module.name`, and why."""

LONG_MODULES = {
    "workhorse.core.effects": "every change to the world, to be read in one go",
    "workhorse.core.model": "the glossary and all facts, to be read in one go",
}
"""Modules over the budget, and why."""


def test_functions_keep_their_budget() -> None:
    over = {
        f"{module.name}.{function.name}": length(function)
        for module in modules()
        for function in module.functions()
        if length(function) > (TEST_FUNCTION_LINES if module.within("tests") else FUNCTION_LINES)
    }

    assert set(over) == set(LONG_FUNCTIONS), over


def test_modules_keep_their_budget() -> None:
    over = {
        module.name: len(module.text.splitlines())
        for module in modules()
        if len(module.text.splitlines())
        > (TEST_MODULE_LINES if module.within("tests") else MODULE_LINES)
    }

    assert set(over) == set(LONG_MODULES), over


def test_shell_files_keep_their_budget() -> None:
    over = {
        str(path.relative_to(ROOT)): lines
        for path in sources.shell()
        if (lines := len(path.read_text().splitlines())) > SHELL_LINES
    }

    assert over == {}


def test_the_shell_files_are_found() -> None:
    """Else the budget and shellcheck would pass by looking at nothing."""
    assert {ROOT / "inv", ROOT / ".ci/run"} <= set(sources.shell())
