"""Make the environment that `./inv` runs in; started by it, with the standard library alone.

One start at a time does the work, the others wait and find it done.
The file `.venv/ready` is written last, by a rename: an environment without it, or with another
text in it, is not used. One without it was cut short and is made anew; one with an older text is
brought up to date in place, so that what runs in it meanwhile goes on.
"""

import contextlib
import fcntl
import itertools
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

UNAVAILABLE = 69
"""Exit status for "a needed service is missing": EX_UNAVAILABLE of sysexits.h."""

PIP = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")


class InstallError(Exception):
    """Pip failed; the message says what it needs."""


def ready_text(root: Path) -> bytes:
    """What `.venv/ready` holds when it fits the checkout; `inv` writes the same in shell."""
    python = os.path.realpath(root / ".venv/bin/python")
    files = (root / "requirements.lock", root / "pyproject.toml")
    return f"{root}\n{python}\n".encode() + b"".join(path.read_bytes() for path in files)


def is_ready(root: Path) -> bool:
    """Whether the environment was finished, for this place and these pins."""
    ready = root / ".venv/ready"
    return (
        os.access(root / ".venv/bin/python", os.X_OK)
        and ready.is_file()
        and ready.read_bytes() == ready_text(root)
    )


@contextlib.contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Hold the checkout's lock; the kernel drops it whichever way this process ends."""
    with (root / "requirements.lock").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another start is making .venv: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(root: Path) -> None:
    """Make or update `.venv`, install the pins with their hashes, then call it ready.

    Raises:
        InstallError: pip could not install; the message says what to look at.
    """
    home = root / ".venv"
    ready = home / "ready"
    version = ".".join(map(str, sys.version_info[:3]))
    if not (ready.exists() and _same_python(home)):
        say(f"making .venv with Python {version} (once; a minute or two)")
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(home)
    else:
        say("requirements.lock or pyproject.toml changed: updating .venv")
        ready.unlink()
    # A few packages come as source only: they are built with the pinned setuptools, not with
    # whatever is newest that day, so that one goes in first.
    first = home / "setuptools.lock"
    first.write_text(block_of("setuptools", (root / "requirements.lock").read_text()))
    pip(root, "--require-hashes", "--requirement", str(first))
    build = ("--no-build-isolation", "--use-pep517")
    pip(root, *build, "--require-hashes", "--requirement", "requirements.lock")
    # The package itself, for its entry points; nothing is fetched for it.
    pip(root, *build, "--no-deps", "--editable", ".")
    aside = home / "ready.new"
    aside.write_bytes(ready_text(root))
    aside.rename(ready)


def _same_python(home: Path) -> bool:
    """Whether the environment's Python still is the one whose folder holds its packages."""
    lib = home / f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
    own = os.path.realpath(home / "bin/python")
    return lib.is_dir() and own == os.path.realpath(getattr(sys, "_base_executable", ""))


def block_of(package: str, lock: str) -> str:
    """The lines of one package in a lock: its pin and its hashes.

    Raises:
        InstallError: the lock does not pin the package.
    """
    lines = iter(lock.splitlines())
    for line in lines:
        if line.startswith(f"{package}=="):
            rest = itertools.takewhile(lambda each: each.startswith("    --hash"), lines)
            return "\n".join((line, *rest)) + "\n"
    raise InstallError(f"requirements.lock does not pin {package}")


def pip(root: Path, *arguments: str) -> None:
    """Let the environment's pip install.

    Raises:
        InstallError: pip ended with an error, which it has printed.
    """
    python = root / ".venv/bin/python"
    done = subprocess.run([python, *PIP, *arguments], cwd=root, check=False)
    if done.returncode:
        what = " ".join(arguments)
        raise InstallError(
            f"pip install {what} failed (exit {done.returncode}); its own words are above.\n"
            "inv: It needs the network once: PyPI, or the index that pip.conf or PIP_INDEX_URL "
            "names, and 500 MB of disk."
        )


def say(text: str) -> None:
    """Tell the one who waits; on standard error, which `inv` keeps apart from a task's output."""
    sys.stderr.write(f"inv: {text}\n")


def main(root: Path) -> int:
    """Make the environment of the checkout at `root` ready and return the exit status."""
    with only_one(root):
        if is_ready(root):
            return 0
        try:
            install(root)
        except (InstallError, OSError, subprocess.CalledProcessError) as error:
            say(str(error))
            return UNAVAILABLE
        say(".venv is ready")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
