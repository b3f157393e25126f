"""Rules of the ledger broken on purpose, as `breakages.py` has the others."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.properties.breakages import Breakage, by_name
from workhorse.core import disagreements, drain, ledger, reckoning
from workhorse.core.effects import DeleteNode
from workhorse.loops.ledger import Ledger


def nobody(*_: Any) -> Iterator[Any]:
    """In the place of what names somebody."""
    return iter(())


def only_told(outcome: reckoning.Reckoning, *_: object) -> reckoning.Reckoning:
    """In the place of what names the remedies."""
    return outcome


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the ledger nor the drain waits for whoever is missed."""
    monkeypatch.setattr(ledger.Rule, "patience", lambda *_: 0.0)
    monkeypatch.setattr(drain, "resume_patience", lambda *_: 0.0)


LEDGER_BREAKAGES: dict[str, Breakage] = {
    "lost agents left": by_name(
        "who is lost is told of, and stays", reckoning, "_with_remedies", only_told
    ),
    "lost agents given up at once": Breakage(
        says="an agent that is missed for a moment is ended", patch=at_once
    ),
    "node not asked for": by_name(
        "an agent that is not listed is given up though builds run on it",
        *(Ledger, "_hidden", nobody),
    ),
    "nodes of forgotten instances left": by_name(
        "what is no drain is not mended", Ledger, "_mend", lambda *_: None
    ),
    "old images kept": by_name(
        "nobody leaves for the age of an image", disagreements, "_old", nobody
    ),
    "nodes of gone machines left": by_name(
        "a machine that came by a token may be missed for ever", disagreements, "_machines", nobody
    ),
    "nodes of gone machines not cordoned": by_name(
        "the node of a missed machine is deleted while it may come back to it",
        *(disagreements, "mended", lambda node, *_: DeleteNode(node=node.name)),
    ),
}
"""What chaos must notice of the ledger."""
