"""The shell scripts of the image and of the bake, under bats."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SUPPORT = Path("/usr/lib/bats")
NEEDS = ("bats-support", "bats-assert", "bats-file")
SUITES = sorted(HERE.rglob("*.bats"))


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: str(path.relative_to(HERE)))
def test_a_suite_of_shell_tests_passes(suite: Path) -> None:
    if shutil.which("bats") is None or not all((SUPPORT / name).is_dir() for name in NEEDS):
        pytest.skip(f"shell is not tested here: apt-get install bats {' '.join(NEEDS)}")
    ended = subprocess.run(["bats", suite], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_suites_are_found() -> None:
    """Else all would pass by running nothing."""
    assert {"connect.bats", "fetch-jar.bats", "fail.bats", "sweep.bats", "apply.bats"} <= {
        path.name for path in SUITES
    }
