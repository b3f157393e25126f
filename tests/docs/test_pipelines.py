"""The two pipelines: well formed, with the same stages, of commands that exist, without secrets."""

import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own
from invoke.tasks import Task

from scripts import sources
from tasks import ns
from tests.docs import jenkinsfile

STAGES = ["check", "bake", "plan", "notify", "approve", "apply", "rollout"]

JENKINSFILE = (sources.ROOT / "Jenkinsfile").read_text()
WORKFLOW = sources.ROOT / ".github/workflows/delivery.yml"
JOBS: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())["jobs"]


def on_jenkins() -> dict[str, list[str]]:
    """Every stage of the Jenkinsfile with its shell commands."""
    (pipeline,) = jenkinsfile.parsed(JENKINSFILE)
    return {each.text(): list(jenkinsfile.commands(each)) for each in jenkinsfile.stages(pipeline)}


def on_github() -> dict[str, list[str]]:
    """Every job of the workflow with its shell commands."""
    return {
        name: [step["run"] for step in job["steps"] if "run" in step] for name, job in JOBS.items()
    }


PIPELINES = {"Jenkinsfile": on_jenkins(), "delivery.yml": on_github()}
both = pytest.mark.parametrize("pipeline", PIPELINES)


def ours(pipeline: str) -> dict[str, list[str]]:
    """The words after `./inv` of each stage."""
    return {
        stage: words[1:]
        for stage, commands in PIPELINES[pipeline].items()
        for command in commands
        if (words := shlex.split(command)) and words[0] == "./inv"
    }


# --- Both ----------------------------------------------------------------------------------------


@both
def test_the_stages_are_those_of_a_delivery_in_order(pipeline: str) -> None:
    assert list(PIPELINES[pipeline]) == STAGES


@both
def test_each_stage_calls_the_task_of_its_name(pipeline: str) -> None:
    assert {stage: words[0] for stage, words in ours(pipeline).items()} == {
        stage: stage for stage in STAGES
    }


@both
@pytest.mark.parametrize("stage", STAGES)
def test_every_task_exists_with_those_options(pipeline: str, stage: str) -> None:
    words = ours(pipeline)[stage]
    task: Task = ns.tasks[words[0]]
    positional = list(task.positional)
    known = {f"--{name.replace('_', '-')}" for name in task.argspec(task.body).parameters}
    given = [word for word in words[1:] if word.startswith("--")]
    values = [word for word in words[1:] if not word.startswith("--")]

    assert set(given) <= known
    flags = [g for g in given if g == "--no-chat"]
    assert len(values) == len(given) - len(flags) + len(positional)


@both
def test_both_call_the_same_options(pipeline: str) -> None:
    options = {
        stage: sorted(word for word in words if word.startswith("--"))
        for stage, words in ours(pipeline).items()
    }

    assert options == {
        stage: sorted(word for word in words if word.startswith("--"))
        for stage, words in ours("Jenkinsfile").items()
    }


@both
def test_no_command_holds_more_than_names_of_variables(pipeline: str) -> None:
    """What people type, and every secret, reaches a command as a quoted variable or not at all."""
    for stage, commands in PIPELINES[pipeline].items():
        for command in commands:
            assert "${{" not in command, stage
            assert not re.search(r"secret|token|password", command, re.IGNORECASE), stage
            if command.startswith("./inv"):
                assert not re.search(r'(?<!")\$\w+', command), stage


# --- Jenkins -------------------------------------------------------------------------------------


def test_the_jenkinsfile_is_a_declarative_pipeline() -> None:
    assert jenkinsfile.faults(JENKINSFILE) == []


BREAKAGES = [
    ("pipeline {", "pipelines {", "must be one pipeline block"),
    ("    agent none\n", "", "pipeline lacks agent"),
    ("agent none", "agent nobody", "agent must be any, none or a block"),
    ("    parameters {", "    inputs {", "inputs must not be in pipeline"),
    ("stage('plan')", "stage('bake')", "stage 'bake' is there twice"),
    ("stage('plan')", "stage()", "must be stage('name')"),
    ("            steps {\n                sh './inv check'\n            }", "", "exactly one of"),
    ("sh './inv check'", "", "steps is empty"),
    ("sh './inv check'", "shell './inv check'", "shell is no step"),
    ("sh './inv check'", "sh './inv check'\n}", "closed that is not open"),
    ("script {\n", "script \n", "closed that is not open"),
    ("    parameters {", "    parameters {\n        number(name: 'N')", "number must not be in"),
    ("string(name: 'POOL', ", "string(", "string lacks a name"),
    ("disableConcurrentBuilds()", "disableConcurrency()", "must not be in options"),
    ("timeout(time: 30", "buildDiscarder(time: 30", "must not be in options"),
    ("                message '", "                note '", "input lacks message"),
    ("beforeInput true", "beforeInput yes", "beforeInput must be true or false"),
    ("when { expression { params.BAKE } }", "when { beforeAgent true }", "when has no condition"),
    ("credentials('workhorse-settings')", "readFile('x')", "must be a text or credentials('id')"),
    (
        "        stage('check') {\n            agent { label 'workhorse-delivery' }",
        "        stage('check') {",
        "sh has no agent to run on",
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), BREAKAGES)
def test_what_jenkins_would_refuse_is_found(old: str, new: str, told: str) -> None:
    assert old in JENKINSFILE
    found = jenkinsfile.faults(JENKINSFILE.replace(old, new, 1))

    assert any(told in fault for fault in found), found


def test_credentials_of_jenkins_are_bound_by_the_ids_that_the_head_names() -> None:
    head = JENKINSFILE.partition("pipeline {")[0]
    used = set(re.findall(r"credentials\('([^']+)'\)", JENKINSFILE))

    assert used == set(re.findall(r"\bworkhorse-(?!delivery)[a-z-]+", head))


def test_nobody_holds_an_executor_while_a_plan_waits() -> None:
    """Neither is the plan, which holds secrets, put where the controller keeps it."""
    (pipeline,) = jenkinsfile.parsed(JENKINSFILE)
    (approve,) = [each for each in jenkinsfile.stages(pipeline) if each.text() == "approve"]

    assert pipeline.part("agent") == jenkinsfile.Part("agent", ("none",), pipeline.line + 1)
    assert approve.part("input")
    assert not re.search(r"\b(stash|archiveArtifacts)\b", JENKINSFILE.partition("pipeline {")[2])


# --- GitHub --------------------------------------------------------------------------------------


def test_the_workflow_fits_githubs_schema() -> None:
    """The schema that GitHub's editors use, from schemastore.org, as check-jsonschema ships it."""
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    said = subprocess.run(
        [*checker, "vendor.github-workflows", str(WORKFLOW)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 0, said.stdout + said.stderr


def test_every_job_needs_only_jobs_before_it_and_reads_only_those() -> None:
    before: list[str] = []
    for name, job in JOBS.items():
        needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        read = set(re.findall(r"needs\.(\w+)\.", yaml.safe_dump(job)))
        assert set(needs) <= set(before), name
        assert read <= set(needs), name
        assert set(needs) >= set(before[-1:]), f"{name} does not wait for {before[-1:]}"
        before.append(name)


def test_every_action_is_pinned_by_its_commit() -> None:
    used = [step["uses"] for job in JOBS.values() for step in job["steps"] if "uses" in step]

    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each)] == []


def test_nobody_approves_but_through_the_environment() -> None:
    guarded = [name for name, job in JOBS.items() if "environment" in job]

    assert guarded == ["approve"]


def test_a_job_has_no_more_permissions_than_it_uses() -> None:
    """A token for AWS only where AWS is called, and only that one."""
    for name, job in JOBS.items():
        aws = any("configure-aws-credentials" in step.get("uses", "") for step in job["steps"])
        granted = set(job.get("permissions", {"contents": "read"}))
        assert ("id-token" in granted) == aws, name
        assert granted <= {"contents", "id-token", "actions"}
    assert yaml.safe_load(WORKFLOW.read_text())["permissions"] == {"contents": "read"}


def test_no_plan_is_an_artifact() -> None:
    assert "artifact@" not in WORKFLOW.read_text()


def test_every_job_runs_on_the_machine_that_has_the_plan() -> None:
    places = {tuple(job["runs-on"]) for job in JOBS.values()}

    assert places == {("self-hosted", "workhorse-delivery")}
    assert all(job["timeout-minutes"] for job in JOBS.values())
