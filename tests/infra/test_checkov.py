"""The modules under checkov's rules for AWS; each exception gives its reason in the HCL."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from workhorse.adapters.toolchain import python_tool
from workhorse.core.errors import Surprise

CHECKOV = "checkov==3.3.30"


def test_checkov_finds_nothing(tools: Path, tree: Path, environ: dict[str, str]) -> None:
    try:
        python = python_tool(tools, CHECKOV, progress=print)
    except Surprise as error:
        pytest.skip(f"NOT CHECKED, {CHECKOV} cannot be installed here: {error}")
    # --skip-download: its own service knows nothing that these rules need.
    command = [python, "-m", "checkov.main", "--skip-download", "--framework=terraform"]
    said = subprocess.run(
        [*command, f"--directory={tree}", "--output=json", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
    )
    report = json.loads(said.stdout)
    failed = [f"{one['check_id']} {one['resource']}" for one in report["results"]["failed_checks"]]
    assert not failed
    assert not report["summary"]["parsing_errors"]
    assert report["summary"]["passed"] > 100, said.stderr


def test_every_skip_gives_its_reason() -> None:
    terraform = Path(__file__).parents[2] / "terraform"
    skips = [
        line.strip()
        for path in terraform.rglob("*.tf")
        for line in path.read_text().splitlines()
        if "checkov:skip" in line
    ]
    assert skips
    assert all(re.fullmatch(r"# checkov:skip=CKV\w+: \w.{20,}", line) for line in skips), skips
