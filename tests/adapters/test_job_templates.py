"""The texts of the jobs: escaped, complete, and with scripts that do what they say."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from workhorse.adapters.job_templates import rendered
from workhorse.core.cordon import cordon_label
from workhorse.core.job_config import normalised, with_nodes
from workhorse.core.jobs import CHECKS, JobSpec, Kind, Variant, shortcomings

SPECS = (
    JobSpec(name="release", kind=Kind.RELEASE),
    JobSpec(name="smoke", kind=Kind.SMOKE, label="workhorse-canary-linux", checks=CHECKS),
    *(JobSpec(name=each, kind=Kind.REPLACE, variant=each) for each in Variant),
)
CORDON = cordon_label("rollout", "i-a")
ODD = """echo "a & b" '<c>' \\$d `e` ]]>  "$HOME" """


def root(spec: JobSpec) -> ET.Element:
    """The document, without its declaration of XML 1.1."""
    return ET.fromstring(rendered(spec).partition("?>")[2])  # noqa: S314 - our own text


def script(spec: JobSpec) -> str:
    return root(spec).findtext("builders/hudson.tasks.Shell/command") or ""


def smoke(*checks: str, seconds: int = 20) -> JobSpec:
    return JobSpec(name="smoke", kind=Kind.SMOKE, checks=checks, check_seconds=seconds)


def run(text: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script as Jenkins does."""
    return subprocess.run(
        ["/bin/sh", "-xe", "-c", text],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_job_runs_at_once_beside_others_and_forgets_its_builds(spec: JobSpec) -> None:
    document = root(spec)
    assert document.tag == ("matrix-project" if spec.matrix else "project")
    assert document.findtext("quietPeriod") == "0"
    assert document.findtext("concurrentBuild") == "true"
    assert document.findtext(".//daysToKeep") == "30"
    assert [each.findtext("name") for each in document.iterfind(".//parameterDefinitions/*")] == [
        *spec.parameters
    ]
    kinds = [each.tag.rsplit(".", 1)[1] for each in document.iterfind(".//parameterDefinitions/*")]
    assert kinds == list(spec.parameters.values())


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_script_is_sound_shell(spec: JobSpec, tmp_path: Path) -> None:
    file = tmp_path / "script.sh"
    file.write_text(script(spec))
    linter = Path(sys.executable).with_name("shellcheck")
    found = subprocess.run(
        [linter, "--severity=warning", file], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout


def test_only_a_smoke_job_is_assigned_to_a_label() -> None:
    assert [root(spec).findtext("assignedNode") for spec in SPECS] == [
        None,
        "workhorse-canary-linux",
        None,
        None,
        None,
    ]


def test_whatever_a_check_is_it_arrives_as_it_was_written(tmp_path: Path) -> None:
    check = f"cat >told <<'END'\n{ODD}\n\nEND"
    assert run(script(smoke(check)), tmp_path).returncode == 0
    assert (tmp_path / "told").read_text() == f"{ODD}\n\n"


def test_a_smoke_job_tries_everything_and_tells_each_failure(tmp_path: Path) -> None:
    text = script(smoke("echo one; false; touch never", "touch two", "exit 3"))
    ended = run(text, tmp_path)
    assert ended.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["two"]
    assert "failed with 1: echo one" in ended.stderr
    assert "failed with 3: exit 3" in ended.stderr
    assert run(script(smoke("true", "true")), tmp_path).returncode == 0


def test_a_check_that_hangs_is_ended(tmp_path: Path) -> None:
    ended = run(script(smoke("exec tail -f /dev/null", seconds=1)), tmp_path)
    assert (ended.returncode, "failed with 124" in ended.stderr) == (1, True)


@pytest.fixture
def verb(tmp_path: Path) -> Path:
    """A host's verb that tells what it was asked."""
    program = tmp_path / "workhorse-leave"
    program.write_text('#!/bin/sh\necho "asked $*"\n')
    program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("decrement", "asked"), [(True, "terminate --decrement"), (False, "terminate")]
)
def test_a_replace_job_has_the_instance_leave_its_group(
    verb: Path, asked: str, *, decrement: bool
) -> None:
    spec = JobSpec(name="m", kind=Kind.REPLACE, decrement=decrement)
    values = {"PATH": f"{verb}:{os.environ['PATH']}", "NODE_NAME": "i-a"}
    ended = run(script(spec), verb, **values, NODE_LABELS=f"i-a {CORDON}")
    assert ended.stdout == f"asked {asked}\n"


@pytest.mark.parametrize("labels", ["i-a linux", "", "not-workhorse-drain.rollout.i-a"])
def test_a_replace_job_leaves_an_agent_alone_that_is_not_cordoned(verb: Path, labels: str) -> None:
    """It was called back while the run was queued: builds may begin there at any moment."""
    spec = JobSpec(name="m", kind=Kind.REPLACE)
    values = {"PATH": f"{verb}:{os.environ['PATH']}", "NODE_NAME": "i-a"}
    ended = run(script(spec), verb, **values, NODE_LABELS=labels)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "i-a is not cordoned" in ended.stderr


def test_a_release_job_completes_the_hook_of_its_own_agent_only(verb: Path) -> None:
    values = {"PATH": f"{verb}:{os.environ['PATH']}", "GROUP": "my group", "HOOK": "drain"}
    here = run(script(SPECS[0]), verb, **values, INSTANCE="i-a", NODE_NAME="i-a")
    assert (here.returncode, here.stdout) == (0, "asked complete my group drain\n")
    elsewhere = run(script(SPECS[0]), verb, **values, INSTANCE="i-a", NODE_NAME="i-b")
    assert (elsewhere.returncode, elsewhere.stdout) == (1, "")


def test_without_the_verb_on_the_path_it_is_looked_for_where_images_have_it(tmp_path: Path) -> None:
    values = {"NODE_NAME": "i-a", "NODE_LABELS": CORDON}
    ended = run(script(SPECS[2]), tmp_path, PATH="/usr/bin:/bin", **values)
    assert ended.returncode != 0
    assert "/usr/local/lib/workhorse/leave" in ended.stderr


# --- Against what real servers were asked and answered -------------------------------------------

RECORDED = Path(__file__).parents[1] / "recorded" / "jenkins"


def recorded(version: str, name: str) -> dict[str, dict[str, str]]:
    """A recorded exchange."""
    found: dict[str, dict[str, str]] = json.loads((RECORDED / version / f"{name}.json").read_text())
    return found


def part(document: str, tag: str) -> str:
    """The one element of that tag, normalised; without what only people read."""
    found = next(ET.fromstring(document.partition("?>")[2]).iter(tag))  # noqa: S314 - recorded
    for description in list(found.iterfind("description")):
        found.remove(description)
    return normalised(ET.tostring(found, encoding="unicode"))


@pytest.mark.parametrize("version", ["2.462.3", "2.541.2"])
def test_the_node_parameter_is_the_one_that_was_measured(version: str) -> None:
    measured = recorded(version, "job-create-nlp")["request"]["body"]
    tag = "org.jvnet.jenkins.plugins.nodelabelparameter.NodeParameterDefinition"
    for spec in (SPECS[0], SPECS[-1]):
        assert part(rendered(spec), tag) == part(measured, tag)


@pytest.mark.parametrize("version", ["2.462.3", "2.541.2"])
def test_the_matrix_is_the_one_that_was_measured_but_for_its_nodes(version: str) -> None:
    """As Jenkins gave it back, too."""
    measured = recorded(version, "matrix-configxml")["response"]["body"]
    ours = rendered(SPECS[2])
    for tag in ("axes", "executionStrategy"):
        assert part(ours, tag) == part(measured, tag)
    nodes = with_nodes(measured, ["i-a"])
    assert "<values><string>i-a</string></values>" in nodes
    assert normalised(nodes) == normalised(measured)


@pytest.mark.parametrize("version", ["2.462.3", "2.541.2"])
def test_what_jenkins_told_of_a_matrix_shows_its_axis(version: str) -> None:
    """What is amiss with the recorded job is what we see; its axis is there."""
    told = json.loads(recorded(version, "matrix-project")["response"]["body"])
    assert shortcomings(JobSpec(name="m", kind=Kind.REPLACE), told) == (
        "m: must allow concurrent builds",
        "m: must have the parameter ORDER of type StringParameterDefinition",
        "m: must have the parameter NODES of type StringParameterDefinition",
    )
