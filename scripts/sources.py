"""Which files are ours, by language: what `./inv check` and the architecture test look at.

Files are found by walking the checkout, so that a copy without git gives the same answer.
Hidden folders (`.venv`, `.tools`, `.run`, caches) are not ours, except `.ci`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

OURS_THOUGH_HIDDEN = frozenset({".ci"})
NEVER_OURS = frozenset({"__pycache__", "build", "dist"})


def files(root: Path = ROOT) -> Iterator[Path]:
    """Every file of the checkout that people wrote or committed, in the order of its path."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if _ours(name))
        yield from (Path(folder, name) for name in sorted(names))


def _ours(folder: str) -> bool:
    if folder in OURS_THOUGH_HIDDEN:
        return True
    return not folder.startswith(".") and folder not in NEVER_OURS and "egg-info" not in folder


def python(root: Path = ROOT) -> list[Path]:
    """Every Python file."""
    return [path for path in files(root) if path.suffix == ".py"]


def shell(root: Path = ROOT) -> list[Path]:
    """Every shell file, known by its first line or its ending."""
    return [path for path in files(root) if path.suffix == ".sh" or _starts_a_shell(path)]


def _starts_a_shell(path: Path) -> bool:
    if path.suffix or path.is_symlink():
        return False
    with path.open("rb") as file:
        first = file.readline(80).split()
    return bool(first) and first[0].startswith(b"#!") and first[-1].split(b"/")[-1] in SHELLS


SHELLS = frozenset({b"sh", b"bash", b"dash"})


def markdown(root: Path = ROOT) -> list[Path]:
    """Every Markdown file."""
    return [path for path in files(root) if path.suffix == ".md"]
