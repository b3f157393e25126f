"""The checklist and its checks name each other."""

import ast

from scripts import sources
from workhorse.core.checklist import CHECKLIST

CHECKS = sources.ROOT / "tests/image/test_checklist.py"


def implemented() -> list[str]:
    tree = ast.parse(CHECKS.read_text())
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [name for name in functions if name.startswith("test_")]


def test_every_entry_has_a_check_and_every_check_an_entry_in_the_same_order() -> None:
    assert implemented() == [f"test_{check.id.replace('-', '_')}" for check in CHECKLIST]


def test_every_entry_is_a_sentence_that_says_how_it_is_told() -> None:
    for check in CHECKLIST:
        assert check.sentence[0].isupper(), check.id
        assert check.sentence.endswith("."), check.id
        assert check.told_by, check.id
        assert not check.told_by.endswith("."), check.id
