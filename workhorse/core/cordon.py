"""The cordon: one label that no sane expression matches, and the edits of a node's config.xml.

A cordon is one write of config.xml: the label replaced, the mode EXCLUSIVE.
What the node had is remembered at the end of its description, for people and for the recall.
Whatever else is in the document, `temporaryOfflineCause` above all, stays byte for byte:
from Jenkins 2.482 on, a write without that element would bring the node online.
This module knows what to write; where it stands in the text is `core/node_config.py`'s.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from workhorse.core.errors import Misuse
from workhorse.core.node_config import read_text, write_text

PREFIX = "workhorse-drain"
"""How every cordon label begins."""

_LABEL = re.compile(rf"{PREFIX}\.([a-z]+(?:-[a-z]+)*)\.([A-Za-z0-9_-]+)")
_MEMORY = re.compile(
    r" ?\[cordoned by workhorse; it had mode (?P<mode>[A-Z]+), (?P<executors>-?\d+) executors, "
    r'labels (?P<label>"(?:[^"\\]|\\.)*")\]\Z'
)
_PLAIN_ATOM = re.compile(r"""[^\s"'\\]+""")


@dataclass(frozen=True, slots=True)
class _Memory:
    """What a node had before it was cordoned, and its description without the memory."""

    description: str
    label: str
    mode: str
    executors: int


def cordon_label(cause: str, instance: str) -> str:
    """The label of a node that leaves for `cause`, as in `workhorse-drain.scale-in.i-0abc`.

    Raises:
        Misuse: `cause` is not of lower-case words joined by `-`, or `instance` of A-Z a-z 0-9 _ -.
    """
    label = f"{PREFIX}.{cause}.{instance}"
    if parse_cordon_label(label) != (cause, instance):
        raise Misuse(f"{label!r} is no cordon label: cause.instance need plain words")
    return label


def parse_cordon_label(label: str) -> tuple[str, str] | None:
    """The cause and the instance that a cordon label tells; None for any other label."""
    if not label.startswith(PREFIX):
        return None
    found = _LABEL.fullmatch(label)
    return (found.group(1), found.group(2)) if found else None


@lru_cache(maxsize=4096)
def cordons_among(labels: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Cause and instance of each cordon label; the nodes of a pool mostly have the same labels."""
    found = (parse_cordon_label(label) for label in labels)
    return tuple(parsed for parsed in found if parsed is not None)


def cordoned(config: str, label: str) -> str:
    """The node's config.xml with `label` as its only label and mode EXCLUSIVE.

    What the node had goes into its description, once: cordoning it anew may change the cordon
    label, and never what is remembered. A node that a human gave other labels meanwhile is
    remembered by those.

    Raises:
        Unreadable: `config` is not the config.xml of a node.
    """
    present = read_text(config, "label")
    others = [token for token in present.split() if parse_cordon_label(token) is None]
    ours = others != present.split()
    memory = _remembered(read_text(config, "description"))
    if not ours and memory is not None:
        # A human gave it labels again and left our memory: the labels of now are the truth.
        config = write_text(config, "description", memory.description)
    if not ours:
        config = _remember(config, present)
    elif memory is None and others:
        config = _remember(config, " ".join(others))
    return _with(_with(config, "label", label), "mode", "EXCLUSIVE")


def recalled(config: str, labels: Iterable[str], *, exclusive: bool) -> str:
    """The config.xml of a cordoned node with what its description remembers given back.

    Where nothing is remembered, `labels` and `exclusive` are given instead; a node that carries
    no cordon label stays as it is.

    Raises:
        Unreadable: `config` is not the config.xml of a node.
    """
    if all(parse_cordon_label(token) is None for token in read_text(config, "label").split()):
        return config
    memory = _remembered(read_text(config, "description"))
    if memory is None:
        config = _with(config, "label", label_text(labels))
        return _with(config, "mode", "EXCLUSIVE" if exclusive else "NORMAL")
    config = _with(config, "description", memory.description)
    config = _with(config, "label", memory.label)
    if memory.executors > 0:
        # The release job's way lowers them.
        config = with_executors(config, memory.executors)
    return _with(config, "mode", memory.mode)


def with_executors(config: str, executors: int) -> str:
    """The config.xml with that many executors.

    Raises:
        Misuse: fewer than one: Jenkins would delete the computer of such a node.
        Unreadable: `config` is not the config.xml of a node.
    """
    if executors < 1:
        raise Misuse(f"{executors} executors: a node with none loses its computer")
    return _with(config, "numExecutors", str(executors))


def label_text(labels: Iterable[str]) -> str:
    """The labels as a node's label string."""
    return " ".join(_quoted(name) for name in sorted(labels))


def _with(config: str, name: str, text: str) -> str:
    """The document with that text; untouched, byte for byte, where it means that already."""
    return config if read_text(config, name) == text else write_text(config, name, text)


def _remember(config: str, label: str) -> str:
    mode = read_text(config, "mode") or "NORMAL"
    executors = _number(read_text(config, "numExecutors"))
    memory = (
        f"[cordoned by workhorse; it had mode {mode}, {executors} executors, "
        f"labels {json.dumps(label)}]"
    )
    description = read_text(config, "description")
    return write_text(config, "description", f"{description} {memory}")


def _remembered(description: str) -> _Memory | None:
    found = _MEMORY.search(description)
    if found is None:
        return None
    try:
        label = json.loads(found["label"])
    except ValueError:
        # Looks like ours and is not: somebody wrote it by hand.
        return None
    return _Memory(
        description=description[: found.start()],
        label=label,
        mode=found["mode"],
        executors=int(found["executors"]),
    )


def _number(text: str) -> int:
    """Jenkins reads an absent numExecutors as 0; so do we, and never write that back."""
    return int(text) if re.fullmatch(r"-?\d{1,9}", text.strip(), re.ASCII) else 0


def _quoted(name: str) -> str:
    """A label as Jenkins' QuotedStringTokenizer reads it back from a node's label string."""
    if _PLAIN_ATOM.fullmatch(name):
        return name
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
