"""The folder of plans: kept under their digests, ours alone to read, records only added."""

import hashlib
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from workhorse.adapters.plans import EVENTS, PLAN, SUMMARY, Plans
from workhorse.core.changes import Change, Changes, Verb
from workhorse.core.delivery import Told
from workhorse.core.errors import Refusal

CHANGES = Changes(changes=(Change(address="aws_x.a", verb=Verb.CREATE),))
WHO = {"by": "ann", "where": "desk", "at": 1000.0}
BYTES = b"a plan, with a secret in it"
DIGEST = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    return Plans(tmp_path / "plans")


@pytest.fixture
def kept(plans: Plans, tmp_path: Path) -> Path:
    """The folder of one plan that was kept."""
    made = tmp_path / "made.tfplan"
    made.write_bytes(BYTES)
    assert plans.keep(made, CHANGES, {**WHO, "directory": "root"}) == DIGEST
    return tmp_path / "plans" / DIGEST


def test_a_plan_is_kept_under_the_sha256_of_its_file(plans: Plans, kept: Path) -> None:
    assert plans.digests() == (DIGEST,)
    assert plans.delivery(DIGEST).planned.by == "ann"
    assert plans.changes(DIGEST) == CHANGES
    assert (kept / PLAN).read_bytes() == BYTES


def test_nobody_else_can_read_any_of_it(plans: Plans, kept: Path) -> None:
    plans.keep_outputs(DIGEST, {"url": "https://example.com"})
    plans.record(DIGEST, Told.APPROVED, WHO)
    with plans.working("apply"):
        files = [path for path in kept.parent.rglob("*") if path.stat().st_size]

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files if path.is_file()}
    assert modes == dict.fromkeys([PLAN, SUMMARY, EVENTS, "outputs.json"], 0o600)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kept, kept.parent)] == [0o700, 0o700]


def test_a_folder_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root can read any; its owner could put plans and approvals there."""
    owner = os.geteuid()
    (tmp_path / "theirs").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(Refusal, match="whoever owns the folder can approve, and that is another"):
        Plans(tmp_path / "theirs")


def test_a_folder_that_others_may_read_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(Refusal, match=r"others may read it \(mode 755\): chmod 700"):
        Plans(tmp_path / "open")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refusal, match=r"delivery\.plans: .* cannot be made"):
        Plans(tmp_path / "file" / "plans")


def test_a_changed_plan_is_refused_with_both_digests(plans: Plans, kept: Path) -> None:
    (kept / PLAN).write_bytes(BYTES + b".")
    changed = hashlib.sha256(BYTES + b".").hexdigest()[:12]

    with pytest.raises(Refusal, match=f"plan {DIGEST[:12]}: .* its digest is {changed} now"):
        plans.unchanged(DIGEST)
    with pytest.raises(Refusal, match="was changed"), plans.copy(DIGEST):
        raise AssertionError("a changed plan was handed out")


def test_what_is_applied_is_a_copy_that_no_later_change_reaches(plans: Plans, kept: Path) -> None:
    with plans.copy(DIGEST) as path:
        (kept / PLAN).write_bytes(b"something else")
        assert path.read_bytes() == BYTES
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_plan_that_was_forgotten_leaves_its_records(plans: Plans, kept: Path) -> None:
    plans.forget(DIGEST)
    plans.forget(DIGEST)

    assert not (kept / PLAN).exists()
    assert plans.delivery(DIGEST).directory == "root"
    with pytest.raises(Refusal, match="its file is gone; make a new plan"):
        plans.unchanged(DIGEST)


def test_records_are_added_and_never_lost(plans: Plans, kept: Path) -> None:
    before = (kept / EVENTS).read_bytes()
    plans.record(DIGEST, Told.APPROVED, {**WHO, "by": "bob"})

    assert (kept / EVENTS).read_bytes().startswith(before)
    assert [each.by for each in plans.delivery(DIGEST).approvals] == ["bob"]


def test_a_record_that_was_torn_by_a_crash_is_skipped(plans: Plans, kept: Path) -> None:
    with (kept / EVENTS).open("a") as events:
        events.write('{"kind":"approved","by":"b')
    plans.record(DIGEST, Told.APPROVED, {**WHO, "by": "cid"})

    assert [each.by for each in plans.delivery(DIGEST).approvals] == ["cid"]


@pytest.mark.usefixtures("kept")
def test_approvals_at_once_are_all_recorded(plans: Plans) -> None:
    names = [f"person {number}" for number in range(8)]
    at_once = threading.Barrier(len(names))

    def approve(name: str) -> None:
        at_once.wait(10)
        with plans.recording(DIGEST):
            plans.record(DIGEST, Told.APPROVED, {**WHO, "by": name})

    people = [threading.Thread(target=approve, args=[name]) for name in names]
    for each in people:
        each.start()
    for each in people:
        each.join(10)

    assert sorted(each.by for each in plans.delivery(DIGEST).approvals) == names


def test_damaged_records_are_refused_by_the_name_of_the_plan(plans: Plans, kept: Path) -> None:
    (kept / EVENTS).write_text(f'{{"kind":"planned","digest":"{DIGEST}"}}\n')
    with pytest.raises(Refusal, match=f"plan {DIGEST[:12]}: its records are damaged: KeyError"):
        plans.delivery(DIGEST)
    (kept / EVENTS).write_text("")
    with pytest.raises(Refusal, match="do not tell who made it"):
        plans.delivery(DIGEST)
    (kept / SUMMARY).write_text("{}")
    with pytest.raises(Refusal, match="its summary is damaged"):
        plans.changes(DIGEST)


def test_one_applies_at_a_time_and_may_plan_meanwhile(plans: Plans) -> None:
    with plans.working("apply"), plans.working("plan"):
        assert plans.runs("apply")
        with pytest.raises(Refusal, match="another apply runs here right now"):
            plans.working("apply").__enter__()
    assert not plans.runs("apply")


HOLDER = """
import sys
from pathlib import Path
from workhorse.adapters.plans import Plans
plans = Plans(Path(sys.argv[1]))
with plans.working("apply"), plans.aside() as folder:
    (folder / "plan.tfplan").write_text("secret")
    print("held", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_held_is_free_and_its_leftovers_are_swept(
    plans: Plans, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "plans")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert plans.runs("apply")
        holder.kill()

    assert not plans.runs("apply")
    assert len(list(tmp_path.rglob(PLAN))) == 1
    plans.sweep()
    assert not list(tmp_path.rglob(PLAN))


def test_a_plan_that_is_made_twice_is_kept_once(plans: Plans, kept: Path, tmp_path: Path) -> None:
    again = {**WHO, "by": "bob", "directory": "root"}
    plans.keep(tmp_path / "made.tfplan", CHANGES, again)

    assert plans.delivery(DIGEST).planned.by == "ann"
    assert list(kept.parent.iterdir()) == [kept]
