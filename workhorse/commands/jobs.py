"""The jobs that workhorse needs on Jenkins: rendered, compared, installed.

What Jenkins made of a job is read back, for it drops what it does not know without a word.
"""

import argparse
import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from workhorse.adapters.jenkins_jobs import JenkinsJobs
from workhorse.adapters.job_desk import JobDesk
from workhorse.adapters.job_templates import rendered
from workhorse.commands.command import Command, Show
from workhorse.commands.conversation import Conversation, opened
from workhorse.core.errors import Refusal
from workhorse.core.job_config import normalised
from workhorse.core.jobs import JobSpec, lacking, needed
from workhorse.settings import Settings, load

DIFFERENT = 1


def jobs(arguments: argparse.Namespace, show: Show) -> int:
    """Show how the jobs on Jenkins differ from what they shall be, or make them so.

    Returns 1 where they differ after an installation, or at all where that is asked.

    Raises:
        Refusal: the settings or the token do not allow it; every fault.
        Surprise: Jenkins did not answer, or not as it should.
    """
    settings = load(arguments.config)
    with opened(settings) as conversation:
        specs = _specs(settings, conversation, arguments.pool)
        desk = JobDesk(conversation.http)
        differing = _differing(desk, specs, show)
        if arguments.install:
            _install(desk, specs, differing, show)
        faults = JenkinsJobs(conversation.http).faults(specs)
        for fault in faults:
            show(f"fault: {fault}")
    ask = arguments.check or arguments.install
    wrong = bool(faults) or bool(differing and not arguments.install)
    return DIFFERENT if ask and wrong else 0


def missing_jobs(settings: Settings, names: Sequence[str]) -> tuple[str, ...]:
    """What is wrong with each of these jobs that workhorse would run, a sentence each.

    Raises:
        Refusal: the settings do not allow to ask.
        Unreadable: Jenkins did not answer.
    """
    with opened(settings) as conversation:
        specs = _specs(settings, conversation, "")
        unknown = [
            f"{n}: no pool needs such a job" for n in names if n not in {s.name for s in specs}
        ]
        wanted = [spec for spec in specs if spec.name in names]
        return (*unknown, *JenkinsJobs(conversation.http).faults(wanted))


def _specs(settings: Settings, conversation: Conversation, pool: str) -> tuple[JobSpec, ...]:
    """All pools are looked at also for one: a job may be of several."""
    chosen = settings.jobs
    names = [each.name for each in conversation.pools]
    if pool and pool not in names:
        raise Refusal(f"--pool: {pool}: must be the name of a pool ({', '.join(names)})")
    found = needed(conversation.pools, conversation.rollouts, chosen.policy())
    return tuple(spec for spec in found if not pool or pool in spec.pools)


def _differing(desk: JobDesk, specs: Sequence[JobSpec], show: Show) -> dict[str, bool]:
    """The jobs that are not as they shall be, and whether they are there; told on the way."""
    found = {}
    for spec in specs:
        theirs = desk.text(spec.name)
        if theirs is None:
            show(f"{spec.name}: is not there")
            found[spec.name] = False
            continue
        lines = list(_difference(spec, theirs))
        show("\n".join(lines) if lines else f"{spec.name}: is as it shall be")
        if lines:
            found[spec.name] = True
    return found


def _difference(spec: JobSpec, theirs: str) -> Iterator[str]:
    there, here = (normalised(text).splitlines() for text in (theirs, rendered(spec)))
    return difflib.unified_diff(
        there, here, f"{spec.name} on Jenkins", f"{spec.name} as it shall be", lineterm=""
    )


def _install(
    desk: JobDesk, specs: Sequence[JobSpec], differing: dict[str, bool], show: Show
) -> None:
    installed = desk.plugins()
    if installed is not None and (faults := lacking(specs, installed)):
        raise Refusal("\n".join(faults))
    for spec in [each for each in specs if each.name in differing]:
        if differing[spec.name]:
            desk.change(spec.name, rendered(spec))
            show(f"{spec.name}: changed")
        else:
            desk.create(spec.name, rendered(spec))
            show(f"{spec.name}: made")


def _options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--config", type=Path, required=True, help="the settings, a TOML file")
    add("--pool", default="", help="only the jobs that this pool needs")
    instead = parser.add_mutually_exclusive_group()
    add = instead.add_argument
    add("--check", action="store_true", help="change nothing, and fail where a job differs")
    add("--install", action="store_true", help="make and change what differs, then read it back")


COMMANDS: tuple[Command, ...] = (
    Command(
        name="jobs",
        help="show, check or install the jobs that workhorse needs on Jenkins",
        add_options=_options,
        run=jobs,
    ),
)
