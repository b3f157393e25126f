"""The tasks that replace a pool's agents by ones of another image, for `tasks.py`."""

from invoke.context import Context
from invoke.tasks import task

from scripts.forwarding import options, run_python

COMMON = {
    "config": "the settings, a TOML file",
    "pool": "the pool",
    "version": "version of the launch template",
    "image": "the newest version that holds this image",
    "by": "who orders; left out, who runs this",
    "detach": "order and go; do not follow",
    "withdraw": "take an order away that no controller takes",
    "patience": "seconds that a controller may take to take an order",
    "look": "seconds between two looks while following",
}


@task(
    positional=[],
    auto_shortflags=False,  # else -h would halt
    help={
        **COMMON,
        "strategy": "how agents leave: drain, matrix or refresh",
        "no-canary": "try no single agent first",
        "watch": "follow the rollout under way",
        "status": "tell how it stands, or the last one ended",
        "halt": "have it choose no more agents",
        "resume": "have it go on, and follow it",
        "roll-back": "have it return to the version before, and follow it",
        "json": "with --status: as JSON",
    },
)
def rollout(
    _context: Context,
    *,
    config: str,
    pool: str,
    version: str = "",
    image: str = "",
    strategy: str = "",
    no_canary: bool = False,
    by: str = "",
    detach: bool = False,
    withdraw: bool = False,
    patience: str = "",
    look: str = "",
    watch: bool = False,
    status: bool = False,
    halt: bool = False,
    resume: bool = False,
    roll_back: bool = False,
    json: bool = False,
) -> None:
    """Replace a pool's agents by ones of another image, and follow it; no build may die."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse", "rollout", *options(**given))


@task(positional=[], auto_shortflags=False, help=COMMON)
def rollback(
    _context: Context,
    *,
    config: str,
    pool: str,
    version: str = "",
    image: str = "",
    by: str = "",
    detach: bool = False,
    withdraw: bool = False,
    patience: str = "",
    look: str = "",
) -> None:
    """Return a pool to the image it had before, and follow it."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse", "rollback", *options(**given))


TASKS = (rollout, rollback)
