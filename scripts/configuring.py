"""The task of late configuration, for `tasks.py`."""

from invoke.context import Context
from invoke.tasks import task

from scripts.forwarding import options, run_python


@task(
    positional=["action"],
    help={
        "action": "publish, show or withdraw",
        "config": "the settings, a TOML file",
        "pool": "the pool; left out, the only one, or all",
        "from": "publish: files as they shall lie below / on agents",
        "script": "publish: what root runs once, after the files",
        "key": "publish: the key of ssh that signs; it stays here",
        "version": "publish: what to call it; left out, the time",
    },
)
def late(
    _context: Context,
    *,
    action: str,
    config: str,
    pool: str = "",
    from_: str = "",
    script: str = "",
    key: str = "",
    version: str = "",
) -> None:
    """Sign and publish what agents apply when they register; show it, withdraw it."""
    given = options(config=config, pool=pool, script=script, key=key, version=version)
    tree = [f"--from={from_}"] if from_ else []
    run_python("-m", "workhorse", "late", action, *given, *tree)


TASKS = (late,)
