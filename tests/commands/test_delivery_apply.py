"""Approving and applying, with the real Terraform: exactly the approved plan, once."""

import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.sources import ROOT
from tests.commands.delivery_stage import CANARY, Stage, Webhook
from workhorse.adapters.plans import Plans

BLOCKING = """
resource "terraform_data" "blocked" {
  depends_on = [terraform_data.pool]
  provisioner "local-exec" {
    command = "%s"
  }
}
"""
"""Runs a command while everything else is applied already."""


@pytest.fixture
def fifo(stage: Stage) -> Path:
    """What the root's last resource waits for: nobody writes there yet."""
    path = stage.folder / "fifo"
    os.mkfifo(path)
    (stage.folder / "root/blocked.tf").write_text(BLOCKING % f"exec cat {path}")
    return path


@contextmanager
def applying(stage: Stage, digest: str) -> Iterator["subprocess.Popen[str]"]:
    """An apply as a process of its own, which has come to its last resource."""
    command = [sys.executable, "-m", "workhorse", "apply", digest, "--by", "cid"]
    with subprocess.Popen(
        [*command, f"--config={stage.config}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith("terraform_data.pool: Creation complete"):
                    break
            yield process
        finally:
            process.kill()


# --- Applied -------------------------------------------------------------------------------------


def test_an_approved_plan_is_applied_and_its_end_is_recorded(stage: Stage) -> None:
    digest = stage.approved(size=3)
    assert stage.size() is None

    assert stage.run("apply", digest[:8]) == 0
    assert stage.size() == 3
    assert f"plan {digest[:12]} is applied: 2 steps made" in stage.said
    assert stage.standing(digest) == "applied"
    assert json.loads((stage.plans / digest / "outputs.json").read_text()) == {"size": 3}


def test_an_applied_plan_leaves_no_secret_behind(stage: Stage) -> None:
    digest = stage.approved()
    stage.run("apply", digest)

    assert not list(stage.plans.rglob("*.tfplan"))


def test_what_is_applied_is_the_plan_and_not_what_is_configured_since(stage: Stage) -> None:
    digest = stage.approved(size=3)
    (stage.folder / "root/size.auto.tfvars.json").write_text('{"size": 99}')

    assert stage.run("apply", digest) == 0
    assert stage.size() == 3


# --- Refused -------------------------------------------------------------------------------------


def refused(stage: Stage, digest: str, *words: str) -> bool:
    """Whether an apply is refused in such words, and nothing is applied."""
    before = stage.size()
    assert stage.run("apply", digest) == 2, stage.said
    return all(word in stage.said for word in words) and stage.size() == before


def test_a_digest_of_no_plan_is_refused(stage: Stage) -> None:
    stage.plan()
    assert refused(stage, "0" * 64, "no plan has it here")


def test_a_short_digest_of_two_plans_is_refused(stage: Stage) -> None:
    digest = stage.approved()
    twin = digest[:6] + "0" * 58
    (stage.plans / twin).mkdir()

    assert refused(stage, digest[:6], "begins 2 plans", digest[:12])
    assert stage.run("apply", digest) == 0


def test_a_plan_whose_file_was_changed_is_refused(stage: Stage) -> None:
    digest, other = stage.approved(), stage.approved(size=5)
    file = stage.plans / digest / "plan.tfplan"
    file.write_bytes((stage.plans / other / "plan.tfplan").read_bytes())

    assert refused(stage, digest, "its file was changed after it was made", other[:12])
    assert stage.run("approve", digest) == 2
    assert stage.run("apply", other) == 0


def test_a_plan_that_nobody_approved_is_refused(stage: Stage) -> None:
    digest = stage.plan()
    assert refused(stage, digest, "nobody has approved it", f"./inv approve {digest[:12]}")


def test_a_plan_that_too_few_approved_is_refused(stage: Stage) -> None:
    stage.configure(delivery="approvals = 2")
    digest = stage.approved()
    assert "approved by bob, and 2 people must within 24 h" in stage.said

    assert refused(stage, digest, "approved by bob, and 2 people must")
    assert stage.run("approve", digest, "--by", "cid") == 0
    assert f"may be applied: ./inv apply {digest[:12]}" in stage.said
    assert stage.run("apply", digest) == 0


def test_the_author_alone_may_not_approve_where_four_eyes_are_wanted(stage: Stage) -> None:
    stage.configure(delivery="four_eyes = true")
    digest = stage.plan()
    stage.run("approve", digest, "--by", "Ann")

    assert refused(stage, digest, "its author, alone: somebody else must, too")


def test_an_approval_that_has_expired_is_refused(stage: Stage) -> None:
    stage.configure(delivery="approval_hours = 1e-9")
    digest = stage.approved()

    assert refused(stage, digest, "its approval has expired: an approval holds 1e-09 h")


def test_a_plan_of_another_directory_is_refused(stage: Stage) -> None:
    digest = stage.approved()
    elsewhere = stage.folder / "elsewhere"
    elsewhere.mkdir()
    text = stage.config.read_text()
    stage.config.write_text(text.replace(f"{stage.folder}/root", str(elsewhere)))

    assert refused(stage, digest, f"was made of {stage.folder}/root")


def test_a_plan_is_applied_once(stage: Stage) -> None:
    digest = stage.approved()
    stage.run("apply", digest, "--by", "cid", "--where", "build 7")

    assert refused(stage, digest, "was applied already by cid, from build 7")
    assert stage.run("approve", digest) == 2


def test_a_stale_plan_is_refused_in_words_and_for_good(stage: Stage) -> None:
    first, second = stage.approved(size=1), stage.approved(size=2)
    assert stage.run("apply", first) == 0

    assert refused(stage, second, "the plan is stale: the state was changed after it was made")
    assert stage.standing(second) == "stale"
    assert refused(stage, second, "was found stale by", "make a new plan")
    assert not (stage.plans / second / "plan.tfplan").exists()


def test_another_apply_here_is_refused(stage: Stage) -> None:
    digest = stage.approved()
    with Plans(stage.plans).working("apply"):
        assert refused(stage, digest, "another apply runs here right now")
    assert stage.run("apply", digest) == 0


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the state's lock as Terraform's local backend does."""
    about = {"ID": "9db590f1", "Operation": "OperationTypeApply", "Who": "eve@build-7"}
    info = state.with_name(f".{state.name}.lock.info")
    with state.open("a+") as file:
        # Of the open file, not of the process, which loses it when it reads the state elsewhere.
        whole = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, whole)
        info.write_text(json.dumps({**about, "Created": "2026-11-21T10:00:00.5Z"}))
        yield
    info.unlink()


def test_a_held_lock_is_told_with_its_holder_and_leaves_the_plan_to_be_applied(
    stage: Stage,
) -> None:
    stage.run("apply", stage.approved(size=1))
    digest = stage.approved(size=2)
    told = "the state is locked by eve@build-7, for apply, since 2026-11-21 10:00:00"
    with locked(stage.folder / "root/terraform.tfstate"):
        assert refused(stage, digest, told, "the plan may still be applied")
        assert f"terraform -chdir={stage.folder}/root force-unlock 9db590f1" in stage.said
        assert stage.run("plan") == 2
        assert told in stage.said

    assert stage.standing(digest) == "approved"
    assert stage.run("apply", digest) == 0
    assert stage.size() == 2


# --- Ended half way ------------------------------------------------------------------------------


def test_a_failure_half_way_tells_what_was_done_and_uses_the_plan(stage: Stage) -> None:
    (stage.folder / "root/blocked.tf").write_text(BLOCKING % "exit 7")
    digest = stage.approved()

    assert stage.run("apply", digest) == 1
    assert "exit status 7" in stage.said
    assert "was done: created terraform_data.pool\n" in stage.said
    assert f"plan {digest[:12]}: terraform apply failed; 2 steps were made before" in stage.said
    assert stage.standing(digest) == "failed"
    assert refused(stage, digest, "was tried already", "and failed half way; make a new plan")
    assert not list(stage.plans.rglob("*.tfplan"))


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # by apprise
def test_the_chat_hears_that_it_failed_and_nothing_that_terraform_said(
    stage: Stage, chat: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a provisioner prints is in Terraform's error, and may be anything."""
    monkeypatch.setenv("TF_VAR_careless", CANARY)
    command = "echo this is ${var.careless}; exit 7"
    (stage.folder / "root/blocked.tf").write_text(BLOCKING % command)
    digest = stage.approved()

    assert stage.run("apply", digest) == 1
    assert "Output: this is (secret)" in stage.said
    title, text = chat.told[-1]
    assert title == f"workhorse: plan {digest[:12]}: failed"
    assert text.startswith("terraform apply failed; 2 steps were made before; the plan is used")
    assert CANARY not in stage.said + "".join(one + other for one, other in chat.told)


def test_an_apply_that_is_stopped_ends_terraform_too_and_says_so(stage: Stage, fifo: Path) -> None:
    digest = stage.approved()
    with applying(stage, digest) as process:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert f"plan {digest[:12]}: interrupted, so perhaps" in said
    assert re.search("; [12] steps were made before; the plan is used: make a new plan", said)
    assert stage.standing(digest) == "failed"
    assert stage.plan(), "the state's lock is free again"
    assert fifo.exists()


def test_a_crash_in_the_middle_leaves_records_that_say_so(stage: Stage, fifo: Path) -> None:
    """Terraform itself goes on without us, and holds the state's lock until it ends."""
    digest = stage.approved()
    with applying(stage, digest) as process:
        assert stage.standing(digest) == "is being applied"
        assert stage.run("approve", digest) == 2
        process.kill()
        process.wait(60)
        assert stage.standing(digest) == "cut short"
        assert refused(stage, digest, "was begun by cid", "part of it may be done")
        assert stage.run("plan") == 2
        assert "the state is locked by" in stage.said
        with fifo.open("w") as end:
            end.write("go on\n")
        stage.configure(lock_seconds=60)

    (stage.folder / "root/blocked.tf").unlink()
    assert stage.plan(), "the next plan sees what was done"
    assert not list(stage.plans.glob(".aside-*"))
