"""The generated parts of the documents, written by `./inv docs`; a test fails when one is stale.

A generated part lies between two marks, so that prose can stand around it:

    <!-- generated: NAME -->
    ...
    <!-- end of NAME -->

What fills a part is a function here; a page that carries the marks is found by walking.
"""

import os
import re
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path

from scripts import sources
from workhorse import settings
from workhorse.__main__ import parser
from workhorse.core import ledger
from workhorse.core.drain_table import DRAIN
from workhorse.core.machine import diagram, listing
from workhorse.core.requeue_table import REQUEUE
from workhorse.core.rollout import ROLLOUT

Part = Callable[[], str]

MARKED = re.compile(
    r"(?P<open><!-- generated: (?P<name>[a-z ]+) -->\n).*?(?P<close><!-- end of (?P=name) -->)",
    re.DOTALL,
)


def parts() -> Mapping[str, Part]:
    """Every part by its name."""
    return {
        "commands": commands,
        "decisions": decisions,
        "demo report": lambda: recorded("docs/recorded/demo.txt"),
        "drain diagram": lambda: f"```mermaid\n{diagram(DRAIN)}```",
        "drain table": lambda: listing(DRAIN),
        "ledger table": ledger.listing,
        "measurements": lambda: recorded("docs/recorded/bench.txt"),
        "requeue diagram": lambda: f"```mermaid\n{diagram(REQUEUE)}```",
        "requeue table": lambda: listing(REQUEUE),
        "rollout diagram": lambda: f"```mermaid\n{diagram(ROLLOUT)}```",
        "rollout table": lambda: listing(ROLLOUT),
        "settings": settings.reference,
        "task options": task_options,
        "tasks": tasks,
    }


def tasks() -> str:
    """A table of the tasks of `./inv`, in the words of `./inv --list`."""
    # Imported here: tasks.py imports this module.
    from tasks import ns  # noqa: PLC0415

    rows = [
        f"| `./inv {name}` | {str(task.__doc__).splitlines()[0]} |"
        for name, task in ns.tasks.items()
    ]
    return "\n".join(("| command | what it does |", "| --- | --- |", *sorted(rows)))


def task_options() -> str:
    """A table of the options of every task, in the words of `./inv TASK --help`."""
    # Imported here: tasks.py imports this module.
    from tasks import ns  # noqa: PLC0415

    rows = [
        f"| `./inv {name}` | `--{option}` | {meaning} |"
        for name, task in sorted(ns.tasks.items())
        for option, meaning in task.help.items()
    ]
    return "\n".join(("| task | option | meaning |", "| --- | --- | --- |", *rows))


COMMANDS = (
    *("run", "explain", "trace"),
    *("bake", "images", "promote", "prune"),
    *("plan", "notify", "approve", "apply", "plans"),
    *("rollout", "rollback", "jobs", "late", "token"),
)
"""The commands of `python -m workhorse`; a test compares them with what it offers."""


def commands() -> str:
    """What `python -m workhorse COMMAND --help` prints, for each command."""
    told = [help_of(command) for command in COMMANDS]
    return "\n\n".join(f"```text\n{text.rstrip()}\n```" for text in told)


def help_of(*words: str) -> str:
    """The help of `python -m workhorse WORDS`, 80 columns wide."""
    told, had = StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"  # What argparse takes for the width of the terminal.
    try:
        with redirect_stdout(told), suppress(SystemExit):
            parser().parse_args([*words, "--help"])
    finally:
        del os.environ["COLUMNS"]
        os.environ.update({} if had is None else {"COLUMNS": had})
    return told.getvalue()


def decisions() -> str:
    """A list of the decision records, in their order, for a page beside them."""
    folder = sources.ROOT / "docs/decisions"
    return "\n".join(
        f"- [{path.read_text().splitlines()[0].removeprefix('# ')}]({path.name})"
        for path in sorted(folder.glob("[0-9]*.md"))
    )


def recorded(name: str) -> str:
    """What a run printed, kept in a file of the checkout, as it was printed."""
    path = sources.ROOT / name
    if not path.exists():
        return f"No run is recorded in `{name}`."
    return f"```text\n{path.read_text().rstrip()}\n```"


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
