"""How agents came into Jenkins, from small pieces of evidence; and the search for its token."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workhorse.local.demo.facts import Build, Deed, Evidence, Hand, Happening
from workhorse.local.demo.joining import CREATE, RETURN_SECONDS, SECRET, joining
from workhorse.local.demo.search import Search


def created(node: str, at: float = 1.0) -> dict[str, Any]:
    return {"kind": "effect", "effect": "CreateNode", "node": node, "at": at}


def registered(name: str, requests: int = 2) -> dict[str, Any]:
    return {"kind": "registered", "instance": name, "requests": requests, "at": 2.0}


def evidence(**changes: Any) -> Evidence:
    whole = Evidence(
        began=0,
        ended=7200,
        asked=0,
        builds=(),
        happenings=(),
        journal=(created("i-1"), registered("i-1"), created("i-2"), registered("i-2")),
        online=frozenset({"i-1", "i-2"}),
    )
    return replace(whole, **changes)


def test_agents_of_the_gateway_are_counted_with_what_they_asked_of_jenkins() -> None:
    found = joining(evidence(requests={CREATE: 3, SECRET: 2, "GET api/json": 99}))
    assert (found.agents, found.nodes, found.requests) == (2, 2, 5)
    assert (found.strangers, found.exposed, found.lost) == ((), (), ())


def test_where_jenkins_does_not_count_the_journal_does() -> None:
    assert joining(evidence()).requests == 4


def test_one_whose_record_was_lost_with_the_controller_came_by_the_gateway_all_the_same() -> None:
    """It made the node, and was killed before it wrote that it had answered."""
    found = joining(evidence(journal=(created("i-1"), registered("i-2"))))
    assert found.strangers == ()


def test_a_node_that_the_gateway_knows_nothing_of_is_a_stranger() -> None:
    build = Build(job="j", number=1, queued=0, node="i-9")
    found = joining(evidence(online=frozenset({"i-1", "i-8"}), builds=(build,)))
    assert found.strangers == ("i-8", "i-9")


def test_a_secret_that_was_found_or_read_is_told() -> None:
    read = Happening(at=1, kind="parameter.read", detail={"instance": "i-1"})
    found = joining(evidence(happenings=(read,), exposed=("process 7",)))
    assert found.exposed == ("process 7", "i-1 read a parameter")


@pytest.mark.parametrize(
    ("more", "lost"),
    [
        ((), ("i-1",)),
        ((created("i-1", at=200.0),), ()),
        ((created("i-2", at=200.0),), ("i-1",)),
    ],
)
def test_a_forgotten_agent_is_to_be_a_node_again(
    more: tuple[dict[str, Any], ...], lost: tuple[str, ...]
) -> None:
    deed = Deed(at=100, hand=Hand.NODE_DELETED, target="i-1")
    whole = evidence(deeds=(deed,))
    found = joining(replace(whole, journal=(*whole.journal, *more)))
    assert (found.forgotten, found.lost) == (("i-1",), lost)


def test_one_that_was_to_leave_before_it_could_come_back_is_not_missed() -> None:
    deed = Deed(at=100, hand=Hand.NODE_DELETED, target="i-1")
    leaves = Happening(at=100 + RETURN_SECONDS, kind="hook.begun", detail={"instance": "i-1"})
    assert joining(evidence(deeds=(deed,), happenings=(leaves,))).lost == ()


def process(proc: Path, pid: int, command: bytes, environ: bytes) -> None:
    (proc / str(pid)).mkdir(parents=True)
    (proc / str(pid) / "cmdline").write_bytes(command)
    (proc / str(pid) / "environ").write_bytes(environ)


def test_a_token_is_found_with_agents_and_not_with_others(tmp_path: Path) -> None:
    """In what they are started with and in their files, across the pieces these are read by."""
    proc, files = tmp_path / "proc", tmp_path / "agents"
    process(proc, 1, b"python\0-m\0workhorse.local.agent\0", b"A=1\0TOKEN=s3cret\0")
    process(proc, 2, b"python\0-m\0workhorse.local.agent\0s3cret\0", b"")
    process(proc, 3, b"python\0-m\0workhorse.local.agent\0", b"A=1\0")
    process(proc, 4, b"python\0-m\0workhorse\0run\0", b"TOKEN=s3cret\0")
    files.mkdir()
    (files / "clean").write_text("nothing")
    (files / "split").write_bytes(b"x" * ((1 << 20) - 3) + b"s3cret")
    (files / "elsewhere").symlink_to(tmp_path / "away")
    search = Search("s3cret", [files, tmp_path / "no.log"])
    search.processes(proc)
    assert search.found() == (str(files / "split"), "process 1", "process 2")
