"""What people are told of a Terraform plan."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.changes import LOSSES, Attribute, Changes, Verb, changes
from workhorse.core.summary import MESSAGE_LIMIT, lines, message


def resource(address: str, *actions: str, **change: Any) -> dict[str, Any]:
    """One of a plan's `resource_changes`, with only what a test is about."""
    keys = ("action_reason", "previous_address")
    more: dict[str, Any] = {key: change.pop(key) for key in keys if key in change}
    return {
        "address": address,
        "type": address.split(".")[-2],
        "change": {"actions": list(actions), "before": {}, "after": {}, **change},
        **more,
    }


def told(*resources: dict[str, Any], **more: Any) -> Changes:
    return changes({"resource_changes": list(resources), **more})


def attributes(**change: Any) -> list[str]:
    (found,) = told(resource("aws_x.a", "update", **change)).changes
    return [str(attribute) for attribute in found.attributes]


@pytest.mark.parametrize(
    ("actions", "verb"),
    [
        (["create"], Verb.CREATE),
        (["update"], Verb.UPDATE),
        (["delete"], Verb.DESTROY),
        (["delete", "create"], Verb.REPLACE),
        (["create", "delete"], Verb.REPLACE),
        (["forget"], Verb.FORGET),
    ],
)
def test_every_action_of_terraform_has_its_verb(actions: list[str], verb: Verb) -> None:
    (found,) = told(resource("aws_x.a", *actions)).changes

    assert found.verb is verb


def test_what_does_nothing_is_not_told() -> None:
    assert told(resource("aws_x.a", "no-op"), resource("data.aws_x.b", "read")).changes == ()


def test_a_move_and_an_import_are_told_though_nothing_else_changes() -> None:
    found = told(
        resource("aws_x.new", "no-op", previous_address="aws_x.old"),
        resource("aws_x.taken", "no-op", importing={"id": "x-1"}),
    )

    assert [(each.verb, each.address, each.was) for each in found.changes] == [
        (Verb.IMPORT, "aws_x.taken", ""),
        (Verb.MOVE, "aws_x.new", "aws_x.old"),
    ]


def test_what_destroys_comes_first() -> None:
    found = told(
        resource("aws_x.a", "create"),
        resource("aws_x.b", "update"),
        resource("aws_x.c", "delete", "create"),
        resource("aws_x.d", "delete"),
    )

    assert [each.address for each in found.changes] == [f"aws_x.{name}" for name in "dcba"]
    assert found.counted() == "1 to DESTROY, 1 to REPLACE, 1 to update, 1 to create"


def test_what_forces_a_replacement_is_told_and_nothing_beside() -> None:
    found = told(
        resource(
            "aws_launch_template.agent",
            "delete",
            "create",
            before={"id": "lt-0123456789abcdef0", "ebs_size": 1, "ebs": [{"gib": 50}]},
            after={"ebs_size": 2, "ebs": [{"gib": 60}]},
            after_unknown={"id": True},
            replace_paths=[["ebs", 0, "gib"]],
            action_reason="replace_because_cannot_update",
        )
    )

    assert "    forced by ebs[0].gib: 50 -> 60" in [line.text for line in lines(found)]
    assert len(found.changes[0].attributes) == 1


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("replace_because_tainted", "it is tainted: its creation failed before"),
        ("delete_because_no_resource_config", "it is no longer in the configuration"),
        ("a_reason_of_a_later_terraform", ""),
    ],
)
def test_terraforms_reason_is_told_in_words(reason: str, words: str) -> None:
    (found,) = told(resource("aws_x.a", "delete", action_reason=reason)).changes

    assert found.why == words


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("actions", [["delete"], ["delete", "create"]])
def test_what_is_lost_is_told_of_what_no_apply_brings_back(kind: str, actions: list[str]) -> None:
    found = told(resource(f"{kind}.a", *actions))

    assert f"    LOSES {LOSSES[kind]}" in [line.text for line in lines(found) if line.loud]
    assert "DANGER: 1 of these lose what no apply brings back" in message(found, ())


def test_an_update_of_something_stateful_loses_nothing() -> None:
    found = told(resource("aws_kms_key.a", "update"))

    assert not [line for line in lines(found) if line.loud]


def test_numbers_ids_types_and_truth_are_shown() -> None:
    assert attributes(
        before={"image": "ami-0123456789abcdef0", "max": 20, "on": False, "type": "m5.large"},
        after={"image": "ami-0fedcba987654321f", "max": 40, "on": True, "type": "c5d.2xlarge"},
    ) == [
        "image: ami-0123456789abcdef0 -> ami-0fedcba987654321f",
        "max: 20 -> 40",
        "on: false -> true",
        "type: m5.large -> c5d.2xlarge",
    ]


def test_of_any_other_text_only_the_name_is_told() -> None:
    assert attributes(before={"user_data": "#!/bin/sh"}, after={"user_data": "#!/bin/bash"}) == [
        "user_data: changes"
    ]


def test_what_terraform_marks_is_never_shown_however_harmless_it_looks() -> None:
    assert attributes(
        before={"pin": 1234, "list": [{"pin": 1}]},
        after={"pin": 4321, "list": [{"pin": 2}]},
        before_sensitive={"list": [{"pin": True}]},
        after_sensitive={"pin": True},
    ) == ["list[0].pin: changes (sensitive)", "pin: changes (sensitive)"]


def test_what_only_the_apply_will_tell_is_named_as_that() -> None:
    assert attributes(before={"version": 1}, after={}, after_unknown={"version": True}) == [
        "version: 1 -> (known after apply)"
    ]


def test_deep_values_are_told_by_their_leaves() -> None:
    assert attributes(
        before={"policy": [{"spec": [{"version": "1", "id": "lt-0123456789abcdef0"}]}]},
        after={"policy": [{"spec": [{"version": "2", "id": "lt-0123456789abcdef0"}]}]},
    ) == ["policy[0].spec[0].version: 1 -> 2"]


def test_attributes_beyond_the_limit_are_counted() -> None:
    before = {f"a{number:02}": 1 for number in range(20)}
    found = told(resource("aws_x.a", "update", before=before, after=dict.fromkeys(before, 2)))

    assert len(found.changes[0].attributes) == 12
    assert lines(found)[-1].text == "    and 8 more attributes"


def test_drift_and_outputs_are_told() -> None:
    found = told(
        resource_drift=[
            resource("aws_x.grown", "update"),
            resource("aws_x.moved", "no-op", previous_address="aws_x.was"),
        ],
        output_changes={"n": {"actions": ["update"]}, "same": {"actions": ["no-op"]}},
    )

    assert [line.text for line in lines(found)] == [
        "outputs only",
        "outputs that change: n",
        "changed by others since the last apply (1)",
        "  aws_x.grown",
    ]


def test_a_message_keeps_what_is_asked_however_much_changes() -> None:
    found = told(*(resource(f"aws_x.number_{n}", "create") for n in range(400)))
    ask = ("approve with: ./inv approve 0123456789ab",)
    text = message(found, ask)

    assert MESSAGE_LIMIT - 100 < len(text) <= MESSAGE_LIMIT
    assert text.startswith("400 to create\n")
    assert text.endswith(" more lines\n" + ask[0])


def test_a_message_names_what_is_destroyed_before_anything_else() -> None:
    creations = (resource(f"aws_x.number_{n}", "create") for n in range(400))
    text = message(told(*creations, resource("aws_s3_bucket.logs", "delete")), ("ask",))

    assert "DESTROY (1)\n  aws_s3_bucket.logs\n    LOSES the objects in it" in text


def test_changes_are_the_same_after_a_record() -> None:
    found = told(
        resource("aws_x.a", "update", before={"n": 1}, after={"n": 2}),
        resource("aws_kms_key.b", "delete", action_reason="delete_because_each_key"),
    )
    record = json.loads(json.dumps(found.as_record()))

    assert Changes.from_record(record) == found
    assert record["counts"]["destroy"] == 1


values = st.recursive(
    st.just("hunter2-canary"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)


@given(before=values, after=values, actions=st.sampled_from([["update"], ["delete", "create"]]))
def test_no_text_of_a_plan_is_ever_told(before: Any, after: Any, actions: list[str]) -> None:
    """Whether Terraform marked it or not; only what can be no secret by its form."""
    found = told(
        resource(
            "aws_x.a",
            *actions,
            before={"v": before},
            after={"v": [after]},
            replace_paths=[["v"], ["w"]],
        )
    )
    shown = json.dumps(found.as_record()) + message(found, ())
    shown += "".join(line.text for line in lines(found))

    assert bool(found.changes[0].attributes) == (before != [after])
    assert "canary" not in shown


@pytest.mark.parametrize(
    "secret",
    ["AKIAIOSFODNN7EXAMPLE", "4111111111111111", "deadbeefdeadbeefdeadbeefdeadbeef", "0123456789"],
)
def test_a_text_that_may_be_a_secret_is_not_shown(secret: str) -> None:
    (found,) = told(resource("aws_x.a", "update", before={}, after={"v": secret})).changes

    assert found.attributes == (Attribute(path="v", before="none", after="(not shown)"),)
