"""The programs of the embedded cloud say in a line why they cannot serve."""

import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scripts import sources

WITHOUT_EXTRA = (
    "import runpy, sys; "
    "sys.modules.update(dict.fromkeys(sys.argv.pop(1).split(','))); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
"""Runs a module where the packages named are not installed: None in `sys.modules` says so."""


def program(*words: str) -> subprocess.CompletedProcess[str]:
    """Run this Python with the words to its end, in an empty environment."""
    command = (sys.executable, *words)
    return subprocess.run(command, env={}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["aws", "jenkins"])
def test_without_the_extra_a_program_says_how_to_install_it(name: str) -> None:
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["project"]
    extra = [
        pin.partition("==")[0].partition("[")[0].replace("-", "_")
        for pin in project["optional-dependencies"]["local"]
    ]

    done = program("-c", WITHOUT_EXTRA, ",".join(extra), f"workhorse.local.{name}")

    assert done.returncode == 2
    assert done.stderr.endswith(": pip install 'workhorse[local]'\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("aws --port 99999", "argument --port: 99999: must be from 0 to 65535"),
        ("aws --clock x", "argument --clock: invalid parse value: 'x'"),
        ("aws --body '", 'argument --body: invalid split value: "\'"'),
        ("jenkins --port -1", "argument --port: -1: must be from 0 to 65535"),
        ("jenkins --clock 1:2", "argument --clock: invalid parse value: '1:2'"),
        ("jenkins --version 1", "argument --version: invalid _version value: '1'"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_by_its_name(words: str, fault: str) -> None:
    name, *options = words.split()

    done = program("-m", f"workhorse.local.{name}", *options)

    assert (done.returncode, done.stderr.splitlines()[-1].partition("error: ")[2]) == (2, fault)


def test_the_stand_in_says_that_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = program("-m", "workhorse.local.jenkins", "--port", port)

    assert done.returncode == 1
    assert "address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_stand_in_says_that_its_token_file_is_none(tmp_path: Path) -> None:
    done = program("-m", "workhorse.local.jenkins", "--token-file", str(tmp_path))

    assert done.returncode == 1
    assert done.stderr.endswith(f"Is a directory: '{tmp_path}'\n")
    assert "Traceback" not in done.stderr


def test_the_demo_says_that_it_has_no_place_for_its_runs(tmp_path: Path) -> None:
    runs = tmp_path / "file"
    runs.write_text("")

    done = program("-m", "workhorse.local.demo", "--runs", str(runs))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"--runs: {runs}: cannot be made: [Errno 17] File exists")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["agent", "machine i-1 --folder nowhere --alone"])
def test_a_body_that_no_embedded_aws_started_says_what_it_lacks(words: str) -> None:
    name, *options = words.split()

    done = program("-m", f"workhorse.local.{name}", *options)

    lacking = "AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_ENDPOINT_URL, WORKHORSE_CLOCK"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{lacking}: must be set, as the embedded AWS does\n"
