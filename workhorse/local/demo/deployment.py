"""The demo's Terraform: the example of the checkout, in a folder of the run."""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workhorse.adapters.terraform import Terraform
from workhorse.adapters.terraform_override import write_local_override
from workhorse.adapters.toolchain import Toolchain
from workhorse.local.demo.options import CHECKOUT

EXAMPLE = Path("terraform", "examples", "complete")

TELLING = ("Creation complete", "Destruction complete", "Apply complete", "Plan:", "Initializing")
"""Lines of Terraform worth a person's time while it works."""

KEPT_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LANG")
"""All of this machine's environment that Terraform sees: no account, no settings of its own."""


class Deployment:
    """One copy of the example, applied to one embedded AWS."""

    def __init__(
        self,
        folder: Path,
        *,
        endpoint: str,
        toolchain: Toolchain,
        progress: Callable[[str], None],
        log: Path,
    ) -> None:
        leftovers = shutil.ignore_patterns(".terraform*", "*.tfstate*", "tests")
        shutil.copytree(CHECKOUT / "terraform", folder / "terraform", ignore=leftovers)
        self._root = folder / EXAMPLE
        write_local_override(self._root, endpoint)
        self._toolchain = toolchain
        self._progress = progress
        self._log = log
        self._variables: Mapping[str, object] = {}

    def apply(self, variables: Mapping[str, object]) -> dict[str, Any]:
        """Plan, apply that plan, and give the outputs."""
        self._variables = variables
        terraform = self._terraform()
        terraform.init()
        terraform.apply(terraform.plan(self._root / "demo.tfplan"))
        return terraform.output()

    def destroy(self) -> None:
        """End everything that was applied."""
        self._terraform().destroy()

    def _terraform(self) -> Terraform:
        environ = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        return Terraform(
            directory=self._root,
            toolchain=self._toolchain,
            environ=environ,
            variables=self._variables,
            progress=self._heard,
            limit_seconds=300,
        )

    def _heard(self, line: str) -> None:
        with self._log.open("a") as log:
            log.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        if any(word in line for word in TELLING):
            self._progress(line.strip())
