"""`./inv` and its bootstrap: what they need, when they work, what they say when they cannot.

A scratch checkout stands in for ours: the real `inv`, with a Python, a bootstrap and pins of the
test's own making. Making a real environment takes a minute and is what CI does first.
"""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import bootstrap

ROOT = Path(__file__).resolve().parent.parent

Say = Callable[..., subprocess.CompletedProcess[str]]


def program(path: Path, body: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with `inv`, pins, and an environment whose Python repeats its arguments."""
    root = tmp_path / "checkout"
    (root / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "inv", root / "inv")
    (root / "requirements.lock").write_text("setuptools==1 \\\n    --hash=sha256:aa\nother==2\n")
    (root / "pyproject.toml").write_text("[project]\n")
    program(root / ".venv/bin/python", 'echo "in $(pwd):" "$@"')
    (root / ".venv/ready").write_bytes(bootstrap.ready_text(root))
    return root


@pytest.fixture
def inv(checkout: Path, tmp_path: Path) -> Say:
    """Run the scratch checkout's `inv` with only the given programs for Pythons."""

    def run(
        *arguments: str, pythons: str = "no-such-python", start: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [start or checkout / "inv", *arguments],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "INV_PYTHON": pythons},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_ready_environment_is_used_as_it_is(inv: Say, checkout: Path) -> None:
    done = inv("check")

    assert done.stdout == f"in {checkout}: -m invoke check\n"
    assert done.stderr == ""


def test_without_arguments_the_tasks_are_listed(inv: Say, checkout: Path) -> None:
    assert inv().stdout == f"in {checkout}: -m invoke --list\n"


def test_inv_may_be_called_through_a_link_from_anywhere(
    inv: Say, checkout: Path, tmp_path: Path
) -> None:
    link = tmp_path / "elsewhere"
    link.symlink_to(checkout / "inv")

    assert inv("check", start=link).stdout == f"in {checkout}: -m invoke check\n"


@pytest.mark.parametrize(
    ("given", "handed_on"),
    [
        (("bench", "tick", "--json"), "bench --name tick --json"),
        (("bench", "--json"), "bench --json"),
        (("bench",), "bench"),
        (("test", "--only", "a b"), "test --only a b"),
        (("help", "run"), "--help run"),
        (("help",), "--list"),
        ((), "--list"),
    ],
)
def test_words_that_invoke_does_not_know_are_put_in_its_own(
    inv: Say, given: tuple[str, ...], handed_on: str
) -> None:
    assert inv(*given).stdout.endswith(f": -m invoke {handed_on}\n")


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_changed_pins_call_the_bootstrap_with_the_python_that_fits(
    inv: Say, checkout: Path, tmp_path: Path, changed: str
) -> None:
    (checkout / changed).write_text("changed")
    python = program(tmp_path / "fits", '[ "$1" = -c ] || echo "asked:" "$@"')

    done = inv("check", pythons=str(python))

    assert done.stderr == f"asked: -I scripts/bootstrap.py {checkout}\n"
    assert done.stdout == f"in {checkout}: -m invoke check\n"


def test_an_environment_without_its_last_file_is_not_used(inv: Say, checkout: Path) -> None:
    (checkout / ".venv/ready").unlink()

    done = inv("check")

    assert (done.returncode, done.stdout) == (69, "")


def test_a_moved_checkout_makes_its_environment_anew(inv: Say, checkout: Path) -> None:
    """Scripts in an environment hold its path."""
    moved = checkout.with_name("moved")
    checkout.rename(moved)

    assert inv("check", start=moved / "inv").returncode == 69


def test_a_failing_bootstrap_ends_inv_with_its_status(
    inv: Say, checkout: Path, tmp_path: Path
) -> None:
    (checkout / ".venv/ready").unlink()
    python = program(tmp_path / "fits", '[ "$1" = -c ] || exit 7')

    done = inv("check", pythons=str(python))

    assert (done.returncode, done.stdout) == (7, "")


def test_no_python_that_is_new_enough_is_named_with_what_to_install(
    inv: Say, checkout: Path, tmp_path: Path
) -> None:
    (checkout / ".venv/ready").unlink()
    old = program(tmp_path / "old-python", "exit 1")

    done = inv("check", pythons=f"no-such-python {old}")

    assert done.returncode == 69
    assert "Python 3.11 or newer is needed" in done.stderr
    assert str(old) in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr


def test_a_python_without_venv_is_told_apart(inv: Say, checkout: Path, tmp_path: Path) -> None:
    """Debian ships ensurepip apart, in python3-venv."""
    (checkout / ".venv/ready").unlink()
    python = program(
        tmp_path / "debian-python",
        'case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac',
    )

    done = inv("check", pythons=str(python))

    assert done.returncode == 69
    assert "is Python 3.11 without venv" in done.stderr
    assert "apt-get install python3-venv" in done.stderr


def test_a_later_python_that_has_venv_is_preferred_to_an_earlier_one_without(
    inv: Say, checkout: Path, tmp_path: Path
) -> None:
    (checkout / ".venv/ready").unlink()
    lame = program(tmp_path / "lame", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    whole = program(tmp_path / "whole", '[ "$1" = -c ] || echo whole was asked')

    assert inv("check", pythons=f"{lame} {whole}").stderr == "whole was asked\n"


# The bootstrap itself, with a pip and a venv that only note what they are asked.


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the bootstrap asked of pip and venv, in order."""
    notes: list[str] = []

    class Builder:
        def __init__(self, *, with_pip: bool, clear: bool, symlinks: bool) -> None:
            assert with_pip
            assert symlinks
            self.clear = clear

        def create(self, home: Path) -> None:
            notes.append("venv")
            if self.clear and home.exists():
                shutil.rmtree(home)
            program(home / "bin/python", "exit 0")

    def pip(root: Path, *arguments: str) -> None:
        assert not (root / ".venv/ready").exists()
        notes.append(f"pip {arguments[-1].replace(str(root), '')}")

    monkeypatch.setattr("venv.EnvBuilder", Builder)
    monkeypatch.setattr(bootstrap, "pip", pip)
    return notes


WHOLE = ["pip /.venv/setuptools.lock", "pip requirements.lock", "pip ."]


def test_a_first_start_makes_the_environment_and_calls_it_ready_last(
    checkout: Path, asked: list[str], inv: Say
) -> None:
    shutil.rmtree(checkout / ".venv")

    assert bootstrap.main(checkout) == 0
    assert asked == ["venv", *WHOLE]
    assert bootstrap.is_ready(checkout)
    assert inv("check").returncode == 0, "inv and the bootstrap agree on what ready means"


def test_a_start_that_finds_the_work_done_does_nothing(checkout: Path, asked: list[str]) -> None:
    assert bootstrap.main(checkout) == 0
    assert asked == []


def test_changed_pins_update_the_environment_in_place(
    checkout: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "_same_python", lambda _home: True)
    (checkout / "pyproject.toml").write_text("changed")

    assert bootstrap.main(checkout) == 0
    assert asked == WHOLE
    assert bootstrap.is_ready(checkout)


def test_another_python_makes_the_environment_anew(checkout: Path, asked: list[str]) -> None:
    """A distribution's upgrade moves python3 to a folder that holds none of our packages."""
    (checkout / "pyproject.toml").write_text("changed")

    bootstrap.main(checkout)

    assert asked == ["venv", *WHOLE]


def test_an_interrupted_start_leaves_nothing_that_counts_as_ready(
    checkout: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_root: Path, *_arguments: str) -> None:
        raise KeyboardInterrupt

    shutil.rmtree(checkout / ".venv")
    with monkeypatch.context() as broken:
        broken.setattr(bootstrap, "pip", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.main(checkout)

    assert not bootstrap.is_ready(checkout)
    bootstrap.main(checkout)
    assert asked == ["venv", "venv", *WHOLE]


def test_pip_that_cannot_install_is_explained(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "_same_python", lambda _home: True)
    (checkout / "pyproject.toml").write_text("changed")
    program(checkout / ".venv/bin/python", "exit 3")

    assert bootstrap.main(checkout) == 69
    said = capsys.readouterr().err
    assert "failed (exit 3)" in said
    assert "needs the network once" in said


def test_a_lock_without_setuptools_is_refused() -> None:
    with pytest.raises(bootstrap.InstallError, match="does not pin setuptools"):
        bootstrap.block_of("setuptools", "other==2\n")


def test_the_block_of_a_package_is_its_pin_and_its_hashes() -> None:
    lock = "a==1 \\\n    --hash=sha256:01\n    # via b\nb==2 \\\n    --hash=sha256:02\n"

    assert bootstrap.block_of("b", lock) == "b==2 \\\n    --hash=sha256:02\n"


def test_two_starts_at_once_do_the_work_once(checkout: Path, asked: list[str]) -> None:
    shutil.rmtree(checkout / ".venv")
    starts = [threading.Thread(target=bootstrap.main, args=(checkout,)) for _ in range(2)]
    for start in starts:
        start.start()
    for start in starts:
        start.join(timeout=60)

    assert asked == ["venv", *WHOLE]
