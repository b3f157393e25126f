"""The tasks of `./inv`: each forwards to a module that can be run without it."""

import signal
import subprocess
import sys
from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from scripts import checks, generated

ROOT = Path(__file__).resolve().parent

WORKERS = 2
"""Test processes at once; the tests with the real provider keep about two cores busy."""


def run(*arguments: str) -> None:
    """Run this Python with the arguments and stop the whole of `./inv` when it fails.

    An interrupt reaches the child from the terminal and a SIGTERM from here: either way we wait
    until it has cleaned up.
    """
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT) as child:
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        while True:
            try:
                code = child.wait()
                break
            except KeyboardInterrupt:
                continue
    if code:
        raise Exit(code=code if code > 0 else 128 - code)


@task(
    help={
        "trace": "CSV of builds to replay: arrival_s,duration_s,label",
        "hours": "hours of the trace to replay",
        "speed": "virtual seconds in a real one",
        "jenkins": "URL of a real Jenkins to use instead of the stand-in",
        "user": "user of that Jenkins",
        "token-file": "file that holds the user's API token",
        "keep": "leave the embedded cloud running until Ctrl-C",
    }
)
def demo(
    _context: Context,
    *,
    trace: str = "",
    hours: str = "",
    speed: str = "",
    jenkins: str = "",
    user: str = "",
    token_file: str = "",
    keep: bool = False,
) -> None:
    """Replay two hours of real builds through a pool on an embedded cloud; no build may die."""
    given = {
        "--trace": trace,
        "--hours": hours,
        "--speed": speed,
        "--jenkins": jenkins,
        "--user": user,
        "--token-file": token_file,
    }
    options = [word for name, value in given.items() if value for word in (name, value)]
    run("-m", "workhorse.local.demo", *options, *(["--keep"] if keep else []))


@task(help={"slow": "also the tests marked slow", "only": "a folder or file of tests"})
def test(_context: Context, *, slow: bool = False, only: str = "tests") -> None:
    """Run every test, after fetching what the tests need."""
    run("-m", "scripts.prepare")
    chosen = [] if slow else ["-m", "not slow"]
    run("-m", "pytest", only, *chosen, "-q", f"--numprocesses={WORKERS}", "--dist=worksteal")


@task
def check(_context: Context) -> None:
    """Check format, lint, types, Terraform's format, shell and the rules between modules."""
    failed = checks.run_all()
    if failed:
        raise Exit(f"failed: {', '.join(failed)}", code=1)


@task(help={"name": "one benchmark; left out, all of them", "json": "one JSON object a line"})
def bench(_context: Context, *, name: str = "", json: bool = False) -> None:
    """Measure what the README promises: one tick, and the reaction to a new job."""
    run("-m", "benchmarks", *([name] if name else []), *(["--json"] if json else []))


@task
def docs(_context: Context) -> None:
    """Write the generated parts of the documents afresh."""
    for path in generated.write_all():
        print(f"wrote {path.relative_to(ROOT)}")


ns = Collection(demo, test, check, bench, docs)
