"""Our Markdown as the documentation tests read it: commands, and lines of prose."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts import sources

FENCE = re.compile(r"^ *```")
GENERATED = re.compile(r"<!-- generated: .*?<!-- end of .*? -->", re.DOTALL)
QUOTED = re.compile(r"`([^`]+)`")


def pages() -> dict[str, str]:
    """Every Markdown page by its path from the root of the checkout."""
    return {str(path.relative_to(sources.ROOT)): path.read_text() for path in sources.markdown()}


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Numbered lines of running text: no code, no tables, no headings, nothing generated."""
    blank = GENERATED.sub(lambda match: "\n" * match[0].count("\n"), text)
    fenced = False
    for number, line in enumerate(blank.splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced and line.strip() and not line.lstrip().startswith(("|", "#", "<!--")):
            yield number, line


def commands(text: str) -> Iterator[list[str]]:
    """Every command that starts with `./inv` or `python -m`, as words."""
    fenced = False
    for line in text.splitlines():
        if FENCE.match(line):
            fenced = not fenced
            continue
        quoted = [line.strip()] if fenced else QUOTED.findall(line)
        yield from (
            each.split() for each in quoted if each.startswith(("./inv", "python -m workhorse"))
        )


def folder(path: str) -> Path:
    """The folder of a page, to follow its links from."""
    return (sources.ROOT / path).parent
