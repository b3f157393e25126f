"""Our Python files as syntax trees, and the few questions that the architecture test asks them."""

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scripts import sources

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file: its dotted name from the root of the checkout, its text, its tree."""

    name: str
    text: str
    tree: ast.Module

    def within(self, package: str) -> bool:
        """Whether this is the package or module of that name, or lies in it."""
        return self.name == package or self.name.startswith(package + ".")

    def imports(self) -> Iterator[str]:
        """Every name it imports, wherever the import stands: `a.b` for `from a import b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def attributes(self) -> Iterator[str]:
        """Every dotted name that is read, such as `time.sleep`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield ast.unparse(node)


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file of the checkout."""
    gc.disable()  # A million nodes that stay: the collector would walk them again and again.
    try:
        return tuple(read(path) for path in sources.python())
    finally:
        gc.freeze()
        gc.enable()


def read(path: Path) -> Module:
    """One file of the checkout."""
    text = path.read_text()
    parts = path.relative_to(sources.ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name=name, text=text, tree=ast.parse(text, str(path)))


def package(name: str) -> list[Module]:
    """The modules of a package."""
    return [module for module in modules() if module.within(name)]


def length(function: Function) -> int:
    """Lines of the body.

    Signature and docstring are free, lest facts be bundled or words be saved for the count's sake.
    """
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1
