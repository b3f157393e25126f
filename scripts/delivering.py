"""The tasks of a delivery, for `tasks.py`: plan, ask, approve, apply."""

from collections.abc import Sequence

from invoke.context import Context
from invoke.tasks import task

from scripts.forwarding import options, run_python

CONFIG = {"config": "the settings, a TOML file"}
DIGEST = {"digest": "of the plan, or its first digits"}
PERSON = {
    "by": "who asks; left out, the account",
    "where": "from where, as the address of a build; left out, the machine",
}


@task(
    positional=[],
    iterable=["image"],
    help={
        **CONFIG,
        "image": "[POOL=]AMI instead of the candidate or stable image; may be given again",
        "no-chat": "tell no chat; `notify` does later",
        "require-chat": "fail when the chat cannot be told",
        "digest-file": "write the digest there; an empty line when nothing changes",
        **PERSON,
    },
)
def plan(
    _context: Context,
    *,
    config: str,
    image: Sequence[str] | None = None,
    no_chat: bool = False,
    require_chat: bool = False,
    digest_file: str = "",
    by: str = "",
    where: str = "",
) -> None:
    """Plan what Terraform would change, keep the plan, ask for approval."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse", "plan", *options(**given))


@task(positional=["digest"], help={**DIGEST, **CONFIG})
def notify(_context: Context, digest: str, *, config: str) -> None:
    """Ask the chat to acknowledge a plan."""
    run_python("-m", "workhorse", "notify", digest, *options(config=config))


@task(positional=["digest"], help={**DIGEST, **CONFIG, **PERSON})
def approve(_context: Context, digest: str, *, config: str, by: str = "", where: str = "") -> None:
    """Approve a plan."""
    run_python("-m", "workhorse", "approve", digest, *options(config=config, by=by, where=where))


@task(positional=["digest"], help={**DIGEST, **CONFIG, **PERSON})
def apply(_context: Context, digest: str, *, config: str, by: str = "", where: str = "") -> None:
    """Apply exactly the plan of a digest, once, when it is approved."""
    run_python("-m", "workhorse", "apply", digest, *options(config=config, by=by, where=where))


@task(
    positional=[],
    help={**CONFIG, "digest": "show all that this plan changes", "json": "print JSON"},
)
def plans(_context: Context, *, config: str, digest: str = "", json: bool = False) -> None:
    """Show the plans and where they stand."""
    run_python("-m", "workhorse", "plans", *options(config=config, digest=digest, json=json))


TASKS = (plan, notify, approve, apply, plans)
"""The tasks of a delivery."""
