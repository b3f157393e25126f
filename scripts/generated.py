"""The generated parts of the documents, written by `./inv docs`; a test fails when one is stale.

A generated part lies between two marks, so that prose can stand around it:

    <!-- generated: NAME -->
    ...
    <!-- end of NAME -->

What fills a part is a function here; a page that carries the marks is found by walking.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from scripts import sources

Part = Callable[[], str]

MARKED = re.compile(
    r"(?P<open><!-- generated: (?P<name>[a-z ]+) -->\n).*?(?P<close><!-- end of (?P=name) -->)",
    re.DOTALL,
)


def parts() -> Mapping[str, Part]:
    """Every part by its name."""
    return {}


def render(text: str) -> str:
    """The page `text` with each of its generated parts made afresh.

    Raises:
        KeyError: the page names a part that nothing makes.
    """
    makers = parts()

    def fill(match: re.Match[str]) -> str:
        body = makers[match["name"]]().strip("\n")
        return f"{match['open']}\n{body}\n\n{match['close']}"

    return MARKED.sub(fill, text)


def pages(root: Path = sources.ROOT) -> dict[Path, str]:
    """Every page with a generated part, and the text that it should have."""
    found = {}
    for path in sources.markdown(root):
        text = path.read_text()
        if MARKED.search(text):
            found[path] = render(text)
    return found


def write_all(root: Path = sources.ROOT) -> list[Path]:
    """Write the pages whose generated parts are stale; return their paths."""
    stale = [(path, text) for path, text in pages(root).items() if path.read_text() != text]
    for path, text in stale:
        path.write_text(text)
    return [path for path, _ in stale]
