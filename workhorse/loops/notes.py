"""Telling the journal what is worth telling and changes nothing.

A journal that cannot be written must not end a loop, for hooks wait for its heartbeats.
What changes the world is another matter: the performer does nothing that it could not journal, the
heartbeats apart.
"""

from workhorse.core.errors import Surprise
from workhorse.loops.ports import Ports


def note(ports: Ports, kind: str, **facts: object) -> None:
    """Append a record of that kind; on a full disk it is lost."""
    try:
        ports.journal.write({"at": ports.clock.now(), "kind": kind, **facts})
    except Surprise:
        return  # The meters stop too, for publishing is journalled: the alarm on silence tells.
