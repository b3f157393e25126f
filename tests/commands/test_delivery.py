"""Planning and asking, with the real Terraform and a chat on loopback."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from scripts.sources import ROOT
from tests.commands.delivery_stage import CANARY, Stage, Webhook
from workhorse.adapters.plans import Plans

# Apprise looks, on its first use, for a module that Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def test_a_plan_is_told_to_people_with_what_they_may_do_next(stage: Stage) -> None:
    digest = stage.plan()

    assert "2 to create\ncreate (2)\n  terraform_data.pool\n" in stage.said
    assert f"digest {digest}\n" in stage.said
    assert f"To be approved by one person: ./inv approve {digest[:12]} --config" in stage.said
    assert stage.standing(digest) == "waits for approval"


def test_what_is_replaced_is_told_with_what_forces_it(stage: Stage) -> None:
    stage.run("apply", stage.approved(size=1))
    stage.plan(size=2)

    assert "1 to REPLACE, 1 to update" in stage.said
    assert "  terraform_data.template\n    forced by triggers_replace[0]: 1 -> 2\n" in stage.said
    assert "input.size: 1 -> 2" in stage.said


def test_what_destroys_is_red_where_there_is_colour_and_in_capitals_anywhere(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.run("apply", stage.approved(size=1))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    stage.plan(size=2)

    red = [line for line in stage.said.splitlines() if line.startswith("\x1b[1;31m")]
    assert "\x1b[1;31mREPLACE (1)\x1b[0m" in red
    assert "update (1)" in stage.said.splitlines()


def test_without_changes_there_is_nothing_to_approve(stage: Stage, chat: Webhook) -> None:
    stage.run("apply", stage.approved())
    chat.told.clear()

    assert stage.plan() == ""
    assert "No changes: there is nothing to approve." in stage.said
    assert not chat.told


def test_the_chat_is_asked_with_the_command_that_approves(stage: Stage, chat: Webhook) -> None:
    digest = stage.plan()
    ((title, text),) = chat.told

    assert title == f"workhorse: plan {digest[:12]} by ann: please look and acknowledge"
    assert text.splitlines()[0] == "2 to create"
    assert f"./inv approve {digest[:12]} --config {stage.config}" in text


def test_the_chat_hears_of_the_approval_and_of_the_end(stage: Stage, chat: Webhook) -> None:
    digest = stage.approved()
    stage.run("apply", digest)

    assert [title for title, _ in chat.told[1:]] == [
        f"workhorse: plan {digest[:12]}: approved by bob",
        f"workhorse: plan {digest[:12]} is applied",
    ]


def test_a_plan_may_be_told_to_the_chat_later(stage: Stage, chat: Webhook) -> None:
    digest = stage.plan("--no-chat")
    assert not chat.told

    assert stage.run("notify", digest) == 0
    assert f"./inv approve {digest[:12]}" in chat.told[0][1]


def test_a_chat_that_fails_is_a_warning(stage: Stage, chat: Webhook) -> None:
    chat.status = 500
    stage.plan()

    assert "warning: the chat was not told: not told: chat 1 of 1 (JSON)" in stage.said
    assert CANARY not in stage.said


def test_a_chat_that_fails_fails_the_plan_where_it_is_required(stage: Stage, chat: Webhook) -> None:
    chat.status = 500

    assert stage.run("plan", "--require-chat") == 1
    assert "not told: chat 1 of 1 (JSON)" in stage.said
    assert CANARY not in stage.said


def test_no_chat_is_refused_where_one_is_required(stage: Stage) -> None:
    assert stage.run("plan", "--require-chat") == 2
    assert "--require-chat: none of chat.urls_* is set" in stage.said
    assert stage.run("notify", next(stage.plans.glob("?" * 64)).name) == 2


def test_urls_that_cannot_be_read_are_no_chat(stage: Stage) -> None:
    stage.configure(chat='urls_file = "/nowhere/urls"')
    stage.plan()

    assert "warning: the chat was not told: chat.urls_file: /nowhere/urls" in stage.said


def test_no_secret_reaches_people_chats_or_records(
    stage: Stage, chat: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one that Terraform knows as sensitive nor one that it does not; plans hold both."""
    monkeypatch.setenv("TF_VAR_token", f"{CANARY}-token")
    monkeypatch.setenv("TF_VAR_careless", f"{CANARY}-careless")
    digest = stage.plan()
    said = stage.said
    assert CANARY.encode() in state_of(stage.plans / digest / "plan.tfplan")
    for command in ("approve", "apply"):
        assert stage.run(command, digest, "--by", "bob") == 0
        said += stage.said
    stage.run("plans", "--digest", digest)
    said += stage.said + "".join(title + text for title, text in chat.told)
    kept = [path for path in stage.plans.rglob("*") if path.is_file()]

    assert CANARY not in said + "".join(path.read_text() for path in kept)
    assert {path.name for path in kept} > {"events.jsonl", "summary.json", "outputs.json"}


def state_of(plan: Path) -> bytes:
    """The planned state inside a plan file, which is a zip."""
    with zipfile.ZipFile(plan) as packed:
        return packed.read("tfplan")


def test_a_failing_terraform_tells_its_words_without_known_secrets(
    stage: Stage, chat: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_careless", CANARY)
    broken = 'output "broken" {\n  value = tonumber(var.careless)\n}\n'
    (stage.folder / "root/broken.tf").write_text(broken)

    assert stage.run("plan") == 1
    assert "Error: Invalid function argument" in stage.said
    assert '"(secret)"' in stage.said
    assert CANARY not in stage.said
    assert not chat.told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TF_VAR_careless", f"first line\n{CANARY}\nlast line"),
        ("TF_VAR_login", json.dumps({"user": "ann", "passwords": [f"{CANARY}"]})),
    ],
)
def test_secrets_of_many_lines_and_within_objects_are_struck_out_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Terraform tells a text line by line, and an attribute without the object around it."""
    monkeypatch.setenv(name, value)
    (stage.folder / "root/broken.tf").write_text(
        'variable "login" {\n  type    = object({ user = string, passwords = list(string) })\n'
        '  default = { user = "nobody", passwords = ["none"] }\n}\n'
        'variable "words" {\n  default = "none"\n}\n'
        'resource "terraform_data" "broken" {\n  lifecycle {\n    precondition {\n'
        '      condition     = var.words != "none"\n'
        '      error_message = "it is ${var.careless} and ${var.login.passwords[0]}."\n'
        "    }\n  }\n}\n"
    )

    assert stage.run("plan") == 1
    assert "(secret)" in stage.said
    assert CANARY not in stage.said


def test_every_fault_of_the_settings_is_told_at_once(stage: Stage) -> None:
    more = 'variables_file = "/nowhere/v"\nbackend_file = "/nowhere/b"'
    stage.configure(delivery=more)
    text = stage.config.read_text().replace(f'directory = "{stage.folder}/root"', "")
    stage.config.write_text(text)

    assert stage.run("plan") == 2
    assert [line.split(":")[0] for line in stage.said.splitlines()[1:]] == [
        "delivery.directory",
        "delivery.variables_file",
        "delivery.backend_file",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--image", "newest"], "--image: 'newest': must be ami-... or POOL=ami-..."),
        (["--image", "mac=ami-1"], "--image: mac: must be a pool (linux, tests)"),
        (["--by", " "], "--by: ' ': must be 1 to 100 characters"),
    ],
)
def test_wrong_options_are_refused_with_their_rule(
    stage: Stage, words: list[str], told: str
) -> None:
    assert stage.run("plan", *words) == 2
    assert told in stage.said


def test_an_image_for_all_pools_may_be_told_from_one_for_a_single_pool(stage: Stage) -> None:
    digest = stage.approved("--image", "ami-0a", "--image", "tests=ami-0b")
    stage.run("apply", digest)

    assert images(stage) == {"linux": "ami-0a", "tests": "ami-0b"}


def images(stage: Stage) -> dict[str, str]:
    """The images that the root was given when it was applied last."""
    state = json.loads((stage.folder / "root/terraform.tfstate").read_text())
    (pool,) = [each for each in state["resources"] if each["name"] == "pool"]
    found: dict[str, str] = pool["instances"][0]["attributes"]["input"]["value"]["images"]
    return found


def test_images_come_from_the_store_the_candidate_before_the_stable_one(stage: Stage) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        ssm = boto3.client(
            "ssm",
            endpoint_url=endpoint,
            region_name="eu-west-1",
            aws_access_key_id="loopback",
            aws_secret_access_key="loopback",
        )
        for name, image in {
            "linux/images/candidate": "ami-0c",
            "linux/images/stable": "ami-05",
            "tests/images/stable": "ami-06",
        }.items():
            ssm.put_parameter(Name=f"/g/pools/{name}", Value=image, Type="String")
        stage.configure(aws=f'endpoint = "{endpoint}"', prefix="/g")
        stage.run("apply", stage.approved())
        assert images(stage) == {"linux": "ami-0c", "tests": "ami-06"}

        stage.run("apply", stage.approved("--image", "linux=ami-05"))
        assert images(stage) == {"linux": "ami-05", "tests": "ami-06"}
    finally:
        server.stop()


def test_a_plan_that_nobody_applied_in_time_is_thrown_away(stage: Stage) -> None:
    old = stage.approved()
    stage.configure(delivery="keep_days = 1e-9")
    new = stage.plan(size=7)

    assert stage.standing(old) == "discarded"
    assert not (stage.plans / old / "plan.tfplan").exists()
    assert stage.standing(new) == "waits for approval"
    assert stage.run("apply", old) == 2
    assert "was thrown away unused; make a new plan" in stage.said


def test_plans_are_listed_newest_first(stage: Stage) -> None:
    assert stage.run("plans") == 0
    assert stage.said == "no plan was made here\n"
    first, second = stage.plan(), stage.approved(size=2)
    stage.run("plans")

    assert [line.split()[0] for line in stage.said.splitlines()] == [second[:12], first[:12]]
    assert "approved            by ann: 2 create; approved by bob" in stage.said


def test_two_do_not_plan_here_at_once(stage: Stage) -> None:

    with Plans(stage.plans).working("plan"):
        assert stage.run("plan") == 2
    assert "another plan runs here right now" in stage.said


def test_one_damaged_plan_keeps_nobody_from_the_others(stage: Stage) -> None:
    digest = stage.plan()
    damaged = stage.plans / ("0" * 64)
    damaged.mkdir()

    stage.plan(size=2)
    assert "warning: plan 000000000000: its records do not tell who made it" in stage.said
    assert stage.run("plans") == 0
    assert f"\n{digest[:12]}  " in stage.said
    assert "plan 000000000000: its records do not tell" in stage.said
    assert stage.run("approve", digest) == 0


def test_only_one_place_may_hold_the_urls_of_the_chats(stage: Stage) -> None:
    stage.configure(chat='urls_file = "a"\nurls_secret = "b"')

    assert stage.run("plan") == 2
    assert "at most one of urls_file, urls_parameter, urls_secret is allowed" in stage.said


STOPPING = """#!/bin/sh
[ "$1" = version ] && { echo Terraform v1.11.4; exit; }
trap 'exit 3' INT
until grep -q 'State:.*sleeping' /proc/$PPID/status; do :; done
kill -TERM $PPID
for _ in $(seq 600); do sleep 0.1; done
"""
"""A Terraform that has whoever waits for it stopped, and works on until it is interrupted too."""


def test_a_plan_that_is_stopped_leaves_nothing_behind(stage: Stage) -> None:
    binary = stage.folder / "terraform-that-is-slow"
    binary.write_text(STOPPING)
    binary.chmod(0o755)
    stage.configure(delivery=f'terraform = "{binary}"')
    command = [sys.executable, "-m", "workhorse", "plan", f"--config={stage.config}"]
    said = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (said.returncode, said.stderr) == (1, "interrupted\n")
    assert not list(stage.plans.glob(".aside-*"))
