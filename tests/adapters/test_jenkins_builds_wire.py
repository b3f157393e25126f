"""A build is given again exactly or not at all: what Jenkins' JSON says of its parameters."""

from typing import Any

import pytest

from workhorse.adapters.jenkins_builds_wire import newer, parameters_of, record
from workhorse.core.errors import Unreadable

STRING, BOOLEAN, TEXT = (
    f"hudson.model.{kind}ParameterValue" for kind in ("String", "Boolean", "Text")
)
SECRET = "hudson.model.PasswordParameterValue"
FILE = "hudson.model.FileParameterValue"
CREDENTIAL = "com.cloudbees.plugins.credentials.CredentialsParameterValue"
LOOKALIKE = "org.example.StringParameterValue"
USER = {"_class": "hudson.model.CauseAction", "causes": [{"userId": "Workhorse"}]}


def given(*parameters: tuple[str, str, Any]) -> dict[str, Any]:
    """The action that holds parameters."""
    told = [{"_class": kind, "name": name, "value": value} for kind, name, value in parameters]
    return {"_class": "hudson.model.ParametersAction", "parameters": told}


def job(*definitions: tuple[str, str]) -> dict[str, Any]:
    """A job that takes these, by name and kind."""
    told = [{"name": name, "type": f"{kind}ParameterDefinition"} for name, kind in definitions]
    return {"description": "tests", "property": [{}, {"parameterDefinitions": told}]}


def build(*actions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    facts = {"number": 7, "queueId": 70, "building": False, "result": "FAILURE"}
    return facts | {"timestamp": 5000, "description": None, "actions": [{}, *actions]} | changes


def parameters(told: dict[str, Any], of: dict[str, Any]) -> Any:
    return record("job/t/7/", told, of, "workhorse").parameters


def test_a_text_a_choice_and_a_switch_are_told_and_taken_in_full() -> None:
    told = build(given((STRING, "A", " x "), (STRING, "C", "one"), (BOOLEAN, "B", False)))
    of = job(("A", "String"), ("C", "Choice"), ("B", "Boolean"))

    assert parameters(told, of) == (("A", " x "), ("C", "one"), ("B", "false"))


@pytest.mark.parametrize("kind", [SECRET, FILE, CREDENTIAL, LOOKALIKE])
def test_a_build_with_a_password_a_file_or_what_nobody_knows_cannot_be_given_again(
    kind: str,
) -> None:
    told = build(given((STRING, "A", "x"), (kind, "P", "y")))

    assert parameters_of(told) is None
    assert parameters(told, job(("A", "String"), ("P", "String"))) is None


def test_a_value_that_is_not_told_cannot_be_given_again() -> None:
    told = build({"parameters": [{"_class": STRING, "name": "A"}]})

    assert parameters_of(told) is None


@pytest.mark.parametrize(
    "definitions",
    [(), (("A", "String"), ("B", "String")), (("B", "String"),), (("A", "Password"),)],
)
def test_a_job_that_takes_other_parameters_now_takes_none_of_its_old_builds(
    definitions: tuple[tuple[str, str], ...],
) -> None:
    assert parameters(build(given((STRING, "A", "x"))), job(*definitions)) is None


def test_a_build_without_parameters_of_a_job_without_any_has_none_to_give() -> None:
    assert parameters(build(), job()) == ()
    assert parameters(build(), job(("A", "String"))) is None


def test_a_run_is_ours_by_its_cause_whatever_the_case_of_the_user() -> None:
    assert record("job/t/7/", build(USER), job(), "workhorse").ours
    assert not record("job/t/7/", build(), job(), "workhorse").ours


def test_a_name_in_a_path_is_decoded() -> None:
    assert record("job/a%20b/job/c/7/", build(), job(), "x").job == "a b/c"


def test_a_run_that_is_in_the_queue_and_among_the_builds_is_one_and_others_are_left_out() -> None:
    queue = {
        "items": [
            {"id": 71, "task": {"url": "http://j/job/t/"}, "actions": []},
            {"id": 72, "task": {"url": "http://j/job/t/"}, "actions": [USER]},
            {"id": 73, "task": {"url": "http://j/job/other/"}, "actions": []},
        ]
    }
    builds = {"builds": [build(queueId=71, number=8, url="http://j/job/t/8/"), build(url="")]}
    found = newer("t", queue, builds, 70, "workhorse")

    assert [(run.queue_id, run.number, run.ours) for run in found] == [
        (72, 0, True),
        (71, 8, False),
    ]


def test_an_answer_of_another_shape_makes_no_sense() -> None:
    with pytest.raises(Unreadable, match="job/t/7/"):
        record("job/t/7/", {"number": "x"}, job(), "w")
    with pytest.raises(Unreadable, match="runs of t"):
        newer("t", {}, {}, 0, "w")
