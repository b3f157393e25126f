"""Delivery: plan, ask, approve, apply."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workhorse.adapters.clock import RealClock
from workhorse.commands.applying import apply, approve
from workhorse.commands.command import Command, Show
from workhorse.commands.delivering import Site, add_options, add_person, opened
from workhorse.commands.planning import notify, plan
from workhorse.core.delivery import SHORT, Happening, resolved, standing
from workhorse.core.errors import Refusal
from workhorse.core.summary import lines


def _plan_options(parser: argparse.ArgumentParser) -> None:
    add_options(parser)
    parser.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="[POOL=]AMI",
        help="instead of the candidate or stable image; may be given again",
    )
    parser.add_argument("--no-chat", action="store_true", help="tell no chat; `notify` does later")
    parser.add_argument(
        "--require-chat", action="store_true", help="fail when the chat cannot be told"
    )
    parser.add_argument(
        "--digest-file",
        type=Path,
        metavar="FILE",
        help="write the digest there; an empty line when nothing changes",
    )
    add_person(parser)


def _digest_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("digest", help="of the plan, or its first digits")
    add_options(parser)


def _person_options(parser: argparse.ArgumentParser) -> None:
    _digest_options(parser)
    add_person(parser)


def _plans_options(parser: argparse.ArgumentParser) -> None:
    add_options(parser)
    parser.add_argument("--digest", default="", help="show all that this plan changes")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _plans(arguments: argparse.Namespace, show: Show) -> int:
    """Show the plans, newest first, or one with all that it changes."""
    with opened(arguments, show) as site:
        digests = site.plans.digests()
        chosen = [resolved(arguments.digest, digests)] if arguments.digest else list(digests)
        rows = sorted(_rows(site, chosen), key=lambda row: -row["planned"]["at"])
        if arguments.json:
            show(json.dumps(rows, indent=2))
            return 0
        if not rows:
            show("no plan was made here")
        for row in rows:
            show(_told(row))
        for digest in chosen if arguments.digest else ():
            for line in lines(site.plans.changes(digest)):
                site.tell(line)
    return 0


def _rows(site: Site, digests: Sequence[str]) -> Iterator[dict[str, Any]]:
    for digest in digests:
        try:
            yield _row(site, digest)
        except Refusal as damaged:
            sys.stderr.write(f"{damaged}\n")


def _row(site: Site, digest: str) -> dict[str, Any]:
    delivery = site.plans.delivery(digest)
    running = site.plans.runs("apply") if delivery.begun and not delivery.ended else False
    approvals = [_happening(each) for each in delivery.approvals]
    return {
        "digest": digest,
        "standing": standing(delivery, site.rules, RealClock().now(), running=running).value,
        "directory": delivery.directory,
        "planned": _happening(delivery.planned),
        "approvals": approvals,
        "begun": _happening(delivery.begun) if delivery.begun else None,
        "done": list(delivery.done),
        "changes": site.plans.changes(digest).as_record(),
    }


def _happening(happening: Happening) -> dict[str, Any]:
    return {"by": happening.by, "at": happening.at, "where": happening.where}


def _told(row: Mapping[str, Any]) -> str:
    at = datetime.fromtimestamp(row["planned"]["at"], UTC).strftime("%Y-%m-%d %H:%M")
    approvals = ", ".join(each["by"] for each in row["approvals"])
    counts = ", ".join(f"{n} {verb}" for verb, n in row["changes"]["counts"].items() if n)
    told = f"{row['digest'][:SHORT]}  {at} UTC  {row['standing']:<18}  by {row['planned']['by']}"
    return (
        told + f": {counts or 'outputs only'}" + (f"; approved by {approvals}" if approvals else "")
    )


COMMANDS: tuple[Command, ...] = (
    Command(
        name="plan",
        help="plan what Terraform would change, keep the plan, ask for approval",
        add_options=_plan_options,
        run=plan,
    ),
    Command(
        name="notify",
        help="ask the chat to acknowledge a plan",
        add_options=_digest_options,
        run=notify,
    ),
    Command(name="approve", help="approve a plan", add_options=_person_options, run=approve),
    Command(
        name="apply", help="apply an approved plan, once", add_options=_person_options, run=apply
    ),
    Command(
        name="plans",
        help="show the plans and where they stand",
        add_options=_plans_options,
        run=_plans,
    ),
)
"""The commands of a delivery."""
