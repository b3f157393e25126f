"""Terraform, driven through python-terraform: plan to a file, apply that file, raise always.

python-terraform builds the argument lists and the variable files; its own `cmd` is not used, since
it ignores failures by default, keeps output until the end, and passes `-force` to destroy and
variable files to the apply of a saved plan, which Terraform refuses. Variables travel as a JSON
file that only we can read, secrets as TF_VAR_ environment; neither is seen in a process list.
"""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged
from python_terraform import Terraform as ArgumentBuilder

from workhorse.adapters.terraform_process import TAIL, run
from workhorse.adapters.toolchain import Toolchain
from workhorse.core.errors import Surprise

CHANGES_PLANNED = 2
"""Exit code of `plan -detailed-exitcode` when the plan is not empty."""


class TerraformError(Surprise):
    """A Terraform command failed: `command`, its exit `code`, the last lines it printed.

    `faults` are all lines of its errors and warnings, for `terraform_faults.understood`.
    """

    def __init__(
        self, command: str, code: int, tail: tuple[str, ...], faults: tuple[str, ...] = ()
    ) -> None:
        self.command = command
        self.code = code
        self.tail = tail
        self.faults = faults
        super().__init__(f"terraform {command} ended with {code}:\n" + "\n".join(tail))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A saved plan: its file, whether it changes anything, and `terraform show -json` of it."""

    path: Path
    changed: bool
    json: Mapping[str, Any]

    def actions(self) -> dict[str, tuple[str, ...]]:
        """What happens to each resource that changes: address -> actions, in Terraform's words."""
        changes = {
            change["address"]: tuple(change["change"]["actions"])
            for change in self.json.get("resource_changes", ())
        }
        return {name: does for name, does in changes.items() if does not in {("no-op",), ("read",)}}


class Terraform:
    """One root module in one folder."""

    def __init__(  # noqa: PLR0913 - all by name; each is one thing that Terraform is told
        self,
        *,
        directory: Path,
        toolchain: Toolchain,
        environ: Mapping[str, str],
        variables: Mapping[str, object] | None = None,
        variables_file: Path | None = None,
        progress: Callable[[str], None] = lambda _line: None,
        limit_seconds: float = 3600,
        lock_seconds: float = 60,
    ) -> None:
        """Say where, with what and as whom.

        Args:
            directory: the root module.
            toolchain: from `toolchain.prepare`.
            environ: the whole environment of the process: PATH, HOME, AWS_*, and as TF_VAR_* the
                variables that are secret. Like any value those end in the saved plan, which only
                we can read, and in the state.
            variables: values for plan and destroy, any JSON.
            variables_file: a file of values for the same; `variables` win over it.
            progress: called with each line as it is printed.
            limit_seconds: a command that runs longer is interrupted.
            lock_seconds: how long plan and apply wait for the state's lock.
        """
        self._directory = directory
        # `state` names no file: the builder would parse the state, and die of one half written.
        self._arguments = ArgumentBuilder(
            working_dir=str(directory),
            terraform_bin_path=str(toolchain.binary),
            state="state-that-nobody-reads",
        )
        self._variables = dict(variables or {})
        self._variables_file = str(variables_file.resolve()) if variables_file else None
        self._lock_timeout = f"{lock_seconds:g}s"
        self._environ = {
            **environ,
            "TF_CLI_CONFIG_FILE": str(toolchain.cli_config),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        self._progress = progress
        self._limit_seconds = limit_seconds

    def init(
        self, *, backend: Mapping[str, str] | None = None, backend_file: Path | None = None
    ) -> None:
        """Fetch modules and providers and set up the backend; change no lock file by upgrade.

        `backend` and `backend_file` are the parts that the root's backend block leaves open.
        """
        parts = [str(backend_file.resolve())] if backend_file else []
        parts += [f"{key}={value}" for key, value in (backend or {}).items()]
        self._run("init", input=False, no_color=IsFlagged, backend_config=parts)

    def validate(self) -> None:
        """Raise `TerraformError` when the configuration is not valid."""
        self._run("validate", no_color=IsFlagged)

    def plan(self, path: Path, *, destroy: bool = False) -> Plan:
        """Plan to the file `path`; with `destroy`, plan the end of everything in the state.

        The file is ours alone, since a plan holds every value in plain text.
        """
        path = path.resolve()
        path.touch(mode=0o600)
        path.chmod(0o600)
        code = self._run(
            "plan",
            accept={0, CHANGES_PLANNED},
            var_file=self._variables_file,
            var=self._variables,
            out=str(path),
            destroy=destroy,
            input=False,
            lock_timeout=self._lock_timeout,
            no_color=IsFlagged,
            detailed_exitcode=IsFlagged,
        )
        return Plan(path=path, changed=code == CHANGES_PLANNED, json=self.show(path))

    def show(self, path: Path) -> dict[str, Any]:
        """Return a saved plan as JSON (https://developer.hashicorp.com/terraform/internals/json-format)."""
        return self._json("show", str(path.resolve()))

    def apply(self, plan: Plan) -> None:
        """Apply exactly this plan; Terraform itself refuses one that has gone stale."""
        self.apply_file(plan.path)

    def apply_file(self, path: Path) -> None:
        """Apply exactly the plan in that file."""
        lock = self._lock_timeout
        self._run("apply", str(path), input=False, no_color=IsFlagged, lock_timeout=lock)

    def output(self) -> dict[str, Any]:
        """Return the values of the root module's outputs by name."""
        return {name: held["value"] for name, held in self._json("output").items()}

    def open_output(self) -> dict[str, Any]:
        """Return the same without those that the root module marks as sensitive."""
        found = self._json("output").items()
        return {name: held["value"] for name, held in found if not held["sensitive"]}

    def destroy(self) -> None:
        """Plan the end of everything, then apply that plan."""
        with tempfile.TemporaryDirectory(prefix="workhorse-") as folder:
            plan = self.plan(Path(folder, "destroy.tfplan"), destroy=True)
            if plan.changed:
                self.apply(plan)

    def state(self) -> dict[str, Any]:
        """Return everything applied as JSON, the form of `show` without a plan's parts."""
        return self._json("show")

    def _json(self, verb: str, *words: str) -> dict[str, Any]:
        lines: list[str] = []
        self._run(verb, *words, heard=lines.append, json=IsFlagged, no_color=IsFlagged)
        found: dict[str, Any] = json.loads("\n".join(lines))
        return found

    def _run(
        self,
        verb: str,
        *words: str,
        accept: frozenset[int] | set[int] = frozenset({0}),
        heard: Callable[[str], None] | None = None,
        **options: object,
    ) -> int:
        with self._command(verb, *words, **options) as command:
            ended = run(
                command,
                directory=self._directory,
                environ=self._environ,
                heard=heard or self._progress,
                limit_seconds=self._limit_seconds,
            )
        for line in ended.faults:
            self._progress(line)
        if ended.code not in accept:
            tail = (ended.tail + ended.faults)[-TAIL:]
            raise TerraformError(" ".join([verb, *words]), ended.code, tail, ended.faults)
        return ended.code

    @contextlib.contextmanager
    def _command(self, verb: str, *words: str, **options: object) -> Iterator[list[str]]:
        """The argument list; the variable files it names are gone afterwards."""
        try:
            yield self._arguments.generate_cmd_string(verb, *words, **options)
        finally:
            self._arguments.temp_var_files.clean_up()
