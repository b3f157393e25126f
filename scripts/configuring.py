"""The tasks of what agents are given: late configuration and registration tokens."""

from invoke.context import Context
from invoke.tasks import task

from scripts.forwarding import options, run_python


@task(
    positional=["action"],
    help={
        "action": "publish, show or withdraw",
        "config": "the settings, a TOML file",
        "pool": "the pool; left out, the only one, or all",
        "files": "publish: files as they shall lie below / on agents",
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
    files: str = "",
    script: str = "",
    key: str = "",
    version: str = "",
) -> None:
    """Sign and publish what agents apply when they register; show it, withdraw it."""
    given = options(config=config, pool=pool, files=files, script=script, key=key, version=version)
    run_python("-m", "workhorse", "late", action, *given)


@task(
    positional=["action", "identity"],
    help={
        "action": "new, list or revoke",
        "identity": "revoke: the token's id, as `list` tells it",
        "config": "the settings, a TOML file",
        "pool": "new: the pool that it lets agents into",
        "days": "new: how long it is good; left out, until it is revoked",
    },
)
def token(
    _context: Context,
    *,
    action: str,
    config: str,
    identity: str = "",
    pool: str = "",
    days: str = "",
) -> None:
    """Make, list or revoke the registration tokens of agents outside EC2."""
    ended = [identity] if identity else []
    asked = [action, *options(pool=pool, days=days), *ended]
    run_python("-m", "workhorse", "token", f"--config={config}", *asked)


TASKS = (late, token)
