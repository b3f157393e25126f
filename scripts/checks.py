"""What `./inv check` checks: a list of commands, all of them run, the failures named at the end."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts import sources
from workhorse.adapters import toolchain

ROOT = sources.ROOT
PYTHON = (sys.executable, "-m")


def commands(root: Path = ROOT) -> Mapping[str, tuple[str, ...]]:
    """Each check's name and its command line, to be run at the root."""
    shellcheck = str(Path(sys.executable).with_name("shellcheck"))
    return {
        "format": (*PYTHON, "ruff", "format", "--check", "."),
        "lint": (*PYTHON, "ruff", "check", "--output-format=concise", "."),
        "types": (*PYTHON, "mypy"),
        "shell": (shellcheck, *(str(path.relative_to(root)) for path in sources.shell(root))),
        "import rules": (
            *PYTHON,
            "pytest",
            "-q",
            "tests/test_architecture.py",
            "tests/test_budgets.py",
        ),
    }


def terraform_format(root: Path = ROOT) -> tuple[str, ...]:
    """The command that checks the format of the Terraform files, whatever settings people have."""
    binary = str(toolchain.find_terraform(root / ".tools"))
    alone = ("env", "TF_CLI_CONFIG_FILE=/dev/null")
    return (*alone, binary, "fmt", "-check", "-diff", "-recursive", "terraform")


def run_all(root: Path = ROOT) -> list[str]:
    """Run every check, telling which, and return the names of those that failed."""
    failed = [name for name, command in commands(root).items() if not passes(name, command, root)]
    # Terraform's name is known only once it is there.
    if not passes("tools", (*PYTHON, "scripts.prepare"), root):
        return [*failed, "tools"]
    if not passes("terraform format", terraform_format(root), root):
        failed.append("terraform format")
    return failed


def passes(name: str, command: tuple[str, ...], root: Path) -> bool:
    """Run one check, with its name above what it prints."""
    print(f"== {name}", flush=True)
    return subprocess.run(command, cwd=root, check=False).returncode == 0
