"""The tasks that make images and keep order among them, for `tasks.py`."""

from collections.abc import Sequence

from invoke.context import Context
from invoke.tasks import task

from scripts.forwarding import options, run_python

POOL = {"config": "the settings, a TOML file", "pool": "the pool; left out, the only one"}


@task(
    iterable=["var"],
    positional=[],
    help={
        **POOL,
        "spot": "bake on a spot instance",
        "var": "a variable of the template, NAME=VALUE; may be given again",
        "dirty": "bake though files differ from the commit",
        "by": "who bakes; left out, who runs this",
        "verbose": "also what happens within a step",
    },
)
def bake(
    _context: Context,
    *,
    config: str,
    pool: str = "",
    spot: bool = False,
    var: Sequence[str] | None = None,
    dirty: bool = False,
    by: str = "",
    verbose: bool = False,
) -> None:
    """Bake an image with Packer and Puppet, and make it the pool's candidate."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse", "bake", *options(**given))


@task(
    help={
        "config": "the settings, a TOML file; not needed to check",
        "pool": "only of this pool",
        "json": "as JSON",
        "check": "what must be true of an image",
        "root": "with --check: whether it is true of the image at this root",
    },
)
def images(
    _context: Context,
    *,
    config: str = "",
    pool: str = "",
    json: bool = False,
    check: bool = False,
    root: str = "",
) -> None:
    """List the images: their age, commit, channel, and who uses them."""
    given = {name: value for name, value in locals().items() if name != "_context"}
    run_python("-m", "workhorse", "images", *options(**given))


@task(
    positional=["image"],
    help={
        **POOL,
        "image": "the AMI; left out, the pool's candidate",
        "candidate": "make it what the next rollout tries, instead",
        "force": "though a rollout condemned it",
    },
)
def promote(
    _context: Context,
    image: str = "",
    *,
    config: str,
    pool: str = "",
    candidate: bool = False,
    force: bool = False,
) -> None:
    """Make an image the pool's stable one."""
    given = options(config=config, pool=pool, candidate=candidate, force=force)
    run_python("-m", "workhorse", "promote", *given, *([image] if image else []))


@task(
    positional=[],
    help={
        "config": "the settings, a TOML file",
        "pool": "only of this pool",
        "keep": "so many of the newest",
        "days": "all that are younger",
        "yes": "delete them; otherwise it only says which",
    },
)
def prune(
    _context: Context,
    *,
    config: str,
    pool: str = "",
    keep: str = "",
    days: str = "",
    yes: bool = False,
) -> None:
    """Delete images that nobody needs, and their snapshots; a dry run unless --yes."""
    given = options(config=config, pool=pool, keep=keep, days=days, yes=yes)
    run_python("-m", "workhorse", "prune", *given)


TASKS = (bake, images, promote, prune)
"""The tasks of `./inv`: each forwards to a module that can be run without it."""
