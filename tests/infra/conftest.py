"""Terraform for the tests: always the checked mirror, always a copy of the tree."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from workhorse.adapters.terraform import Terraform
from workhorse.adapters.toolchain import Toolchain, prepare

ROOT = Path(__file__).parents[2]

Client = Callable[..., Any]
Event = dict[str, Any]


@pytest.fixture(scope="session")
def tools() -> Path:
    """Where fetched tools stay from one run of the tests to the next."""
    return ROOT / ".tools"


@pytest.fixture(scope="session")
def toolchain(tools: Path) -> Toolchain:
    return prepare(tools, progress=print)


@pytest.fixture(scope="session")
def environ() -> dict[str, str]:
    """No AWS account, no Terraform settings of this machine."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of `terraform/`, so that lock files, plans and states stay out of the checkout."""
    leftovers = shutil.ignore_patterns(".terraform*", "*.tfstate*")
    return Path(shutil.copytree(ROOT / "terraform", tmp_path / "terraform", ignore=leftovers))


Rooted = Callable[..., Terraform]


@pytest.fixture
def rooted(toolchain: Toolchain, environ: dict[str, str]) -> Rooted:
    """Make the adapter for a folder: `rooted(folder, variables=...)`."""

    def make(directory: Path, **how: Any) -> Terraform:
        return Terraform(
            directory=directory, toolchain=toolchain, environ=environ, progress=print, **how
        )

    return make


@pytest.fixture(scope="session")
def mocked_runs(toolchain: Toolchain, environ: dict[str, str]) -> Callable[[Path], list[Event]]:
    """Run the `*.tftest.hcl` files of an initialised folder; return what was said, as JSON."""
    quiet = {"TF_CLI_CONFIG_FILE": str(toolchain.cli_config), "CHECKPOINT_DISABLE": "1"}

    def run(directory: Path) -> list[Event]:
        said = subprocess.run(
            [toolchain.binary, "test", "-json", "-verbose"],
            cwd=directory,
            env=environ | quiet,
            capture_output=True,
            text=True,
            check=False,
        )
        return [json.loads(line) for line in said.stdout.splitlines()]

    return run


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    """An embedded AWS of its own, thirty times as fast as a clock on the wall."""
    now = time.time()
    command = [sys.executable, "-m", "workhorse.local.aws", "--port=0", f"--clock={now}:{now}:30"]
    with (
        (tmp_path / "aws.log").open("w") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())["endpoint"]
        finally:
            process.terminate()


@pytest.fixture
def client(endpoint: str) -> Client:
    """Make a boto3 client of the embedded AWS: `client("ec2")`."""
    untyped: Client = boto3.client

    def make(service: str) -> Any:
        return untyped(
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    return make


MODULES = ("agent-pool", "control-plane", "image-builder")
"""Those with a provider; `policy` has none and a test of its own."""


@pytest.fixture(scope="session")
def events_of(
    tmp_path_factory: pytest.TempPathFactory,
    toolchain: Toolchain,
    environ: dict[str, str],
    mocked_runs: Callable[[Path], list[Event]],
) -> Callable[[str], list[Event]]:
    """What a module's `terraform test` says, with the state of each run; run once.

    Once for all test processes: one runs it, and others that want it wait and read what it kept.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    @cache
    def run(module: str) -> list[Event]:
        kept = shared / f"{module}.events.json"
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                folder = tmp_path_factory.mktemp("modules") / module
                shutil.copytree(ROOT / "terraform/modules" / module, folder)
                Terraform(directory=folder, toolchain=toolchain, environ=environ).init()
                kept.write_text(json.dumps(mocked_runs(folder)))
        found: list[Event] = json.loads(kept.read_text())
        return found

    return run


@pytest.fixture(params=MODULES)
def events(request: pytest.FixtureRequest, events_of: Callable[[str], list[Event]]) -> list[Event]:
    """The same for each module, or for the one that a test names."""
    return events_of(request.param)
