"""Reading answers of AWS, Jenkins and the journal as evidence."""

from pathlib import Path

from workhorse.local.demo import evidence
from workhorse.local.demo.facts import Build, Remains
from workhorse.local.demo.replay import Asked


def test_happenings_come_in_order_of_time() -> None:
    found = evidence.happenings(
        [
            {"number": 1, "at": 2.0, "kind": "instance.running", "instance": "i-1"},
            {"number": 2, "at": 1.0, "kind": "instance.pending", "instance": "i-1"},
        ]
    )
    assert [(one.at, one.kind, one.instance) for one in found] == [
        (1.0, "instance.pending", "i-1"),
        (2.0, "instance.running", "i-1"),
    ]


def test_a_real_jenkins_tells_builds_in_milliseconds_and_we_remember_when_they_were_asked() -> None:
    records = [
        {
            "number": 1,
            "building": False,
            "result": "SUCCESS",
            "timestamp": 5000,
            "duration": 2000,
            "builtOn": "i-1",
            "queueId": 7,
        },
        {
            "number": 2,
            "building": True,
            "result": None,
            "timestamp": 6000,
            "duration": 0,
            "builtOn": "i-2",
            "queueId": 8,
        },
        {"queueId": 99},
    ]
    asked = (Asked(job="a", item=7, at=3.0), Asked(job="a", item=8, at=4.0))
    assert evidence.builds_of_jenkins("a", records, asked) == (
        Build(job="a", number=1, queued=3, started=5, ended=7, node="i-1", result="SUCCESS"),
        Build(job="a", number=2, queued=4, started=6, ended=None, node="i-2", result=""),
    )


def test_a_torn_line_of_the_journal_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"kind": "a"}\n{"kind": \n{"kind": "b"}\n')
    assert evidence.read_journal(path) == ({"kind": "a"}, {"kind": "b"})


def test_a_journal_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert evidence.read_journal(tmp_path / "none") == ()


def test_whatever_is_not_terminated_remains() -> None:
    state = {
        "instances": [
            {"id": "i-1", "state": "running"},
            {"id": "i-2", "state": "terminated"},
            {"id": "i-3", "state": "shutting-down"},
        ],
        "volumes": [{"id": "vol-1"}],
        "groups": [{"name": "g"}],
    }
    before = Remains(nodes=("i-9",), instances=("i-8",))
    assert evidence.remains(state, before) == Remains(
        nodes=("i-9",), instances=("i-1", "i-8"), others=("volume vol-1", "group g")
    )
