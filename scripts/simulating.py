"""The tasks that try policies on recorded builds and break the world, for `tasks.py`."""

from collections.abc import Sequence

from invoke.context import Context
from invoke.tasks import task

from scripts.forwarding import options, run_python
from scripts.sources import ROOT

TRACE = str(ROOT / "data" / "traces" / "bitcoin-core.csv")
"""What is played where no trace is named: six weeks of a project's builds."""

WORLD = {
    "days": "only so many days of a trace",
    "boot": "seconds from launch to agent: fixed, or as median:p99",
    "fleet": "another assumption about the world, KEY=VALUE; may be given again",
    "seed": "of everything left to chance",
    "out": "folder of the results",
    "quiet": "no progress bar",
}
SPREAD = {
    "jobs": "processes",
    "scheduler": "address of a Dask scheduler to work for us",
}


ROLLOUT = {
    "rollout-at": "also try a rollout, ordered so many hours after the hour of the first build",
    "rollout-surge": "agents launched ahead of those that leave",
    "rollout-unavailable": "percent of the agents that may be away at once",
    "rollout-waves": "percent of the old agents asked to leave after each wave, as 10,50,100",
    "rollout-bake": "seconds for which each wave is watched",
    "rollout-wait-limit": "no agent is asked to leave while a build has waited so many seconds",
}


@task(
    iterable=["policy", "fleet", "bound"],
    help={
        "trace": "CSV of builds: arrival_s,duration_s,label; left out, one of six weeks",
        "policy": "planner or rival, NAME or NAME(KEY=VALUE, ...); may be given again",
        "bound": "also the least instance-hours at which no build waits so many seconds or more",
        "json": "print the report as JSON",
        **ROLLOUT,
        **WORLD,
    },
)
def simulate(
    _context: Context,
    *,
    trace: str = TRACE,
    policy: Sequence[str] | None = None,
    bound: Sequence[str] | None = None,
    days: str = "",
    boot: str = "",
    fleet: Sequence[str] | None = None,
    seed: str = "",
    rollout_at: str = "",
    rollout_surge: str = "",
    rollout_unavailable: str = "",
    rollout_waves: str = "",
    rollout_bake: str = "",
    rollout_wait_limit: str = "",
    out: str = "",
    json: bool = False,
    quiet: bool = False,
) -> None:
    """Play recorded builds to a policy or a few: waits, hours, cost, boots, builds killed."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse.sim", "simulate", *options(**given))


@task(
    iterable=["trace", "policy", "fleet", "wait"],
    help={
        "trace": "CSV of builds, may be given again; left out, one of six weeks",
        "policy": "planner or rival, may be given again; left out, all of them",
        "wait": "seconds that the clairvoyant may let a build wait; may be given again",
        **WORLD,
        **SPREAD,
    },
)
def compare(
    _context: Context,
    *,
    trace: Sequence[str] | None = None,
    policy: Sequence[str] | None = None,
    wait: Sequence[str] | None = None,
    days: str = "",
    boot: str = "",
    fleet: Sequence[str] | None = None,
    seed: str = "",
    out: str = "",
    jobs: str = "",
    scheduler: str = "",
    quiet: bool = False,
) -> None:
    """Play traces to all planners and rivals, beside the best that is possible at all."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse.sim", "compare", *options(**given | {"trace": trace or [TRACE]}))


@task(
    iterable=["set", "range", "fleet"],
    help={
        "trace": "CSV of builds to search on; left out, one of six weeks",
        "planner": "whose settings",
        "trials": "settings to try",
        "wait-limit": "p95 wait that is enough, in seconds",
        "set": "KEY=VALUE that is not searched; may be given again",
        "range": "KEY=LOW:HIGH to search within; may be given again",
        **WORLD,
        **SPREAD,
    },
)
def tune(
    _context: Context,
    *,
    trace: str = TRACE,
    planner: str = "",
    trials: str = "",
    wait_limit: str = "",
    set: Sequence[str] | None = None,  # noqa: A002 - the name of the option
    range: Sequence[str] | None = None,  # noqa: A002 - the name of the option
    days: str = "",
    boot: str = "",
    fleet: Sequence[str] | None = None,
    seed: str = "",
    out: str = "",
    jobs: str = "",
    scheduler: str = "",
    quiet: bool = False,
) -> None:
    """Search a planner's settings for little waiting at little cost, and print the frontier."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse.sim", "tune", *options(**given))


@task(
    iterable=["policy", "fleet"],
    help={
        "traces": "folder of the traces that are not shipped",
        "page": "what is written",
        "policy": "planner or rival, may be given again; left out, all of them",
        **WORLD,
        **SPREAD,
    },
)
def results(
    _context: Context,
    *,
    traces: str = "",
    page: str = "",
    policy: Sequence[str] | None = None,
    days: str = "",
    boot: str = "",
    fleet: Sequence[str] | None = None,
    seed: str = "",
    out: str = "",
    jobs: str = "",
    scheduler: str = "",
    quiet: bool = False,
) -> None:
    """Write the page of results: every policy on every trace, the bound, and the goals."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse.sim", "results", *options(**given))


@task(
    help={
        "jenkins": "Jenkins' root URL",
        "user": "the user whose API token it is",
        "token-file": "file with the API token",
        "out": "the CSV to write",
        "days": "how far back",
        "job": "only jobs whose full name is like this, as team/*",
        "label": "the label of builds whose label nobody tells",
        "anonymous": "write hashes for the names of jobs",
        "per-minute": "requests a minute at most",
    },
)
def trace(
    _context: Context,
    *,
    jenkins: str,
    user: str,
    token_file: str,
    out: str,
    days: str = "",
    job: str = "",
    label: str = "",
    anonymous: bool = False,
    per_minute: str = "",
) -> None:
    """Export the finished builds of a Jenkins as a trace, politely and resumably."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse", "trace", *options(**given))


@task(
    help={
        "scenarios": "how many random fault plans",
        "seed": "of the plans",
        "processes": "how many live at once",
        "plan": "live through the plan of this JSON file instead",
    },
)
def chaos(
    _context: Context,
    *,
    scenarios: str = "",
    seed: str = "",
    processes: str = "",
    plan: str = "",
) -> None:
    """Live through random fault plans with the real loops; every promise is checked in each."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse.sim", "chaos", *options(**given))


TASKS = (simulate, compare, tune, results, trace, chaos)
