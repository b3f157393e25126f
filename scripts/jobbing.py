"""The task of the jobs that workhorse needs on Jenkins, for `tasks.py`."""

from invoke.context import Context
from invoke.tasks import task

from scripts.forwarding import options, run_python


@task(
    positional=[],
    help={
        "config": "the settings, a TOML file",
        "pool": "only the jobs that this pool needs",
        "check": "change nothing, and fail where a job differs",
        "install": "make and change what differs, then read it back",
    },
)
def jobs(
    _context: Context,
    *,
    config: str,
    pool: str = "",
    check: bool = False,
    install: bool = False,
) -> None:
    """Show how the jobs on Jenkins differ from what they shall be, or make them so."""
    given = options(config=config, pool=pool, check=check, install=install)
    run_python("-m", "workhorse", "jobs", *given)


TASKS = (jobs,)
