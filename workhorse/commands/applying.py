"""Approving a plan and applying it: exactly that one, once."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workhorse.adapters.clock import RealClock
from workhorse.adapters.terraform import Terraform, TerraformError
from workhorse.adapters.terraform_faults import Kind
from workhorse.commands.command import Show
from workhorse.commands.delivering import (
    Site,
    backend_file,
    by,
    fault,
    mention,
    opened,
    terraform,
    told,
    worded,
)
from workhorse.core.delivery import AGAIN, SHORT, Delivery, Told, lacking, resolved, used
from workhorse.core.errors import Refusal, Surprise, WorkhorseError
from workhorse.core.summary import lines

DONE = re.compile(r"^(?P<address>\S.*): (?P<what>Creation|Modifications|Destruction) complete")
"""Terraform's line about a step that is made; a replacement is two of them."""

DONE_WORDS = {"Creation": "created", "Modifications": "updated", "Destruction": "destroyed"}

WORTH_TELLING = re.compile(
    r"^(?P<line>\S.*: (Creating|Modifying|Destroying|Still|Creation|Modif|Destr)[^\[]*)"
)
"""Lines of an apply that are shown, up to the id: ids may be of things that nobody should know."""


def approve(arguments: argparse.Namespace, show: Show) -> int:
    """Record that somebody approves a plan, and say what it still lacks."""
    who = by(arguments)
    with opened(arguments, show) as site:
        plans, now = site.plans, RealClock().now()
        digest = resolved(arguments.digest, plans.digests())
        with plans.recording(digest):
            _usable(site, digest)
            plans.unchanged(digest)
            for line in lines(plans.changes(digest)):
                site.tell(line)
            plans.record(digest, Told.APPROVED, {**who, "at": now})
        missing = lacking(plans.delivery(digest), site.rules, now)
        short = digest[:SHORT]
        show(f"plan {short}: approved by {who['by']}, from {who['where']}")
        more = missing or f"may be applied: {site.command('apply', digest)}"
        show(f"plan {short}: {more}")
        mention(site, f"workhorse: plan {short}: approved by {who['by']}", more)
    return 0


def apply(arguments: argparse.Namespace, show: Show) -> int:
    """Apply exactly the plan of a digest, once, when it is approved."""
    who = by(arguments)
    with opened(arguments, show) as site, site.plans.working("apply"):
        digest = resolved(arguments.digest, site.plans.digests())
        delivery = _usable(site, digest, ours=True)
        missing = lacking(delivery, site.rules, RealClock().now())
        if missing:
            raise Refusal(f"plan {digest[:SHORT]}: {missing}: {site.command('approve', digest)}")
        if delivery.directory != site.settings.delivery.directory:
            rule = f"was made of {delivery.directory}, and delivery.directory is another"
            raise Refusal(f"plan {digest[:SHORT]}: {rule}")
        with site.plans.copy(digest) as path:
            _Run(site, digest, who).apply(path)
    return 0


def _usable(site: Site, digest: str, *, ours: bool = False) -> Delivery:
    """The delivery, unless its plan was used; `ours`: the apply that runs here is this one."""
    delivery = site.plans.delivery(digest)
    refused = used(delivery, running=not ours and site.plans.runs("apply"))
    if refused:
        raise Refusal(f"plan {digest[:SHORT]}: {refused}")
    return delivery


class _Run:
    """One apply, with the records before and after it."""

    def __init__(self, site: Site, digest: str, who: Mapping[str, str]) -> None:
        self._site = site
        self._digest = digest
        self._who = who
        self._name = f"plan {digest[:SHORT]}"
        self._done: list[str] = []

    def apply(self, path: Path) -> None:
        site = self._site
        tool = terraform(site, progress=self._heard)
        with worded(site):
            terraform(site).init(backend_file=backend_file(site))
        site.show(f"applying {self._name}")
        self._record(Told.BEGUN)
        try:
            tool.apply_file(path)
        except TerraformError as wrong:
            raise self._failed(wrong) from None
        except KeyboardInterrupt:
            # What Terraform still did until it ended, nobody heard.
            error = Surprise("interrupted, so perhaps more is done than is told here")
            raise self._ended(Told.FAILED, error) from None
        self._record(Told.APPLIED, done=self._done)
        site.plans.forget(self._digest)
        made = f"{len(self._done)} steps made"
        site.show(f"{self._name} is applied: {made}")
        self._outputs(tool)
        mention(site, f"workhorse: {self._name} is applied", made)

    def _failed(self, wrong: TerraformError) -> WorkhorseError:
        site = self._site
        found = fault(site, wrong)
        error = told(site, wrong, found)
        kind = {Kind.LOCKED: Told.POSTPONED, Kind.UNFIT: Told.POSTPONED, Kind.STALE: Told.STALE}
        return self._ended(kind.get(found.kind, Told.FAILED), error)

    def _ended(self, kind: Told, error: WorkhorseError) -> WorkhorseError:
        """Record how it ended; the error that tells it."""
        site = self._site
        self._record(kind, done=self._done)
        text = str(error)
        if kind is Told.POSTPONED:
            text += "; nothing was changed, and the plan may still be applied"
        else:
            site.plans.forget(self._digest)
        if kind is Told.FAILED:
            text += f"; {len(self._done)} steps were made before; the plan is used: {AGAIN}"
            for step in self._done:
                site.show(f"was done: {step}")
        mention(site, f"workhorse: {self._name}: {kind}", text, alarming=True)
        return type(error)(f"{self._name}: {text}")

    def _outputs(self, tool: Terraform) -> None:
        try:
            self._site.plans.keep_outputs(self._digest, tool.open_output())
        except TerraformError:
            self._site.show("warning: the outputs could not be read")

    def _record(self, kind: Told, **more: Any) -> None:  # noqa: ANN401 - plain JSON
        record = {**self._who, "at": RealClock().now(), **more}
        with self._site.plans.recording(self._digest):
            self._site.plans.record(self._digest, kind, record)

    def _heard(self, line: str) -> None:
        if match := DONE.match(line):
            self._done.append(f"{DONE_WORDS[match['what']]} {match['address']}")
        if match := WORTH_TELLING.match(line):
            self._site.show(match["line"].rstrip())
