"""The tasks of `./inv`: each forwards to a module that can be run without it."""

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from scripts import (
    checks,
    configuring,
    delivering,
    generated,
    imaging,
    jobbing,
    rolling,
    simulating,
)
from scripts.forwarding import options, run_python

ROOT = Path(__file__).resolve().parent

WORKERS = 3
"""Test processes at once, for two cores: stories of processes and of Terraform mostly wait."""


@task(
    help={
        "trace": "CSV of builds to replay: arrival_s,duration_s,label",
        "start": "hours into the trace to begin at",
        "hours": "hours of the trace to replay",
        "speed": "times real time",
        "pools": "labels to replay, separated by commas",
        "seed": "chooses whom the outside hands hit",
        "quiet-outside": "nobody else interferes",
        "ec2-loss": "an outside hand also ends a busy instance past its hook",
        "jenkins": "URL of a real Jenkins to use instead of the stand-in",
        "user": "user of that Jenkins",
        "token-file": "file that holds the user's API token",
        "terraform": "name of the binary, for example tofu",
        "keep": "leave the embedded cloud running until Ctrl-C",
    }
)
def demo(
    _context: Context,
    *,
    trace: str = "",
    start: str = "",
    hours: str = "",
    speed: str = "",
    pools: str = "",
    seed: str = "",
    quiet_outside: bool = False,
    ec2_loss: bool = False,
    jenkins: str = "",
    user: str = "",
    token_file: str = "",
    terraform: str = "",
    keep: bool = False,
) -> None:
    """Replay two hours of real builds through a pool on an embedded cloud; no build may die."""
    given = options(**{name: value for name, value in locals().items() if name != "_context"})
    run_python("-m", "workhorse.local.demo", *given)


@task(
    positional=[],
    help={
        "config": "the settings, a TOML file",
        "dry-run": "print effects, perform none",
        "once": "run every loop once, then stop",
        "force": "plan afresh, whenever planned last",
        "sleep": "seconds between two ticks, for this run",
    },
)
def run(
    _context: Context,
    *,
    config: str,
    dry_run: bool = False,
    once: bool = False,
    force: bool = False,
    sleep: str = "",
) -> None:
    """Run the controller until it is told to stop."""
    given = options(config=config, dry_run=dry_run, once=once, force=force, sleep=sleep)
    run_python("-m", "workhorse", "run", *given)


@task(
    help={
        "journal": "the journal to read; left out, that of the newest demo",
        "pool": "only of this pool",
    }
)
def explain(_context: Context, *, journal: str = "", pool: str = "") -> None:
    """Say why every pool's size changed, from a journal."""
    demos = sorted(ROOT.glob(".run/demo-*/journal.jsonl"), key=lambda path: path.stat().st_mtime)
    if not (journal or demos):
        raise Exit("no demo has run here yet: name a journal with --journal")
    given = options(journal=journal or str(demos[-1]), pool=pool)
    run_python("-m", "workhorse", "explain", *given)


@task(help={"slow": "also the tests marked slow, one after another", "only": "a folder or file"})
def test(_context: Context, *, slow: bool = False, only: str = "tests") -> None:
    """Run every test, after fetching what the tests need."""
    run_python("-m", "scripts.prepare")
    together = (f"--numprocesses={WORKERS}", "--dist=worksteal")
    run_python("-m", "pytest", only, "-m", "not slow", "-q", *together)
    if slow:
        # Alone: each of them keeps the machine busy and tells on the way what it does.
        run_python("-m", "pytest", only, "-m", "slow", "-q", "-s", "--numprocesses=0")


@task
def check(_context: Context) -> None:
    """Check format, lint, types, Terraform's format, shell and the rules between modules."""
    failed = checks.run_all()
    if failed:
        raise Exit(f"failed: {', '.join(failed)}", code=1)


@task(help={"name": "one benchmark; left out, all of them", "json": "one JSON object a line"})
def bench(_context: Context, *, name: str = "", json: bool = False) -> None:
    """Measure what the README promises: reaction, simulator, chaos, policies, rollouts, agents."""
    run_python("-m", "benchmarks", *([name] if name else []), *options(json=json))


@task
def docs(_context: Context) -> None:
    """Write the generated parts of the documents afresh."""
    for path in generated.write_all():
        print(f"wrote {path.relative_to(ROOT)}")


ns = Collection(
    *(demo, run, explain, test, check, bench, docs),
    *(*imaging.TASKS, *delivering.TASKS, *rolling.TASKS, *jobbing.TASKS),
    *(*configuring.TASKS, *simulating.TASKS),
)
