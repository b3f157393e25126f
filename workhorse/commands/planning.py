"""Making a plan, telling people of it, asking them to approve it."""

import argparse
import re
from collections.abc import Mapping
from contextlib import suppress

from workhorse.adapters import secrets
from workhorse.adapters.clock import RealClock
from workhorse.adapters.image_store import SsmImages
from workhorse.adapters.terraform import Plan
from workhorse.commands.command import Show
from workhorse.commands.delivering import (
    DAY,
    Site,
    backend_file,
    by,
    mention,
    opened,
    say,
    terraform,
    worded,
)
from workhorse.core.changes import Changes, Verb, changes
from workhorse.core.delivery import SHORT, Standing, Told, resolved, standing
from workhorse.core.errors import Refusal
from workhorse.core.summary import lines, message
from workhorse.settings import InlinePool, policy_from_json

OVERRIDE = re.compile(r"(?:(?P<pool>[a-z][a-z0-9-]*)=)?(?P<image>ami-[0-9a-f]+)")


def plan(arguments: argparse.Namespace, show: Show) -> int:
    """Make a plan, keep it under its digest, tell people; 0 also when there is nothing to do."""
    who = by(arguments)
    with opened(arguments, show) as site, site.plans.working("plan"):
        _tidied(site)
        images = _images(site, arguments.image)
        for pool, image in images.items():
            show(f"image of {pool}: {image}")
        variable = site.settings.delivery.images_variable
        digest, found = _made(site, who, {variable: images} if variable and images else {})
        for line in lines(found) if digest or found.drifted else ():
            site.tell(line)
        if arguments.digest_file:
            arguments.digest_file.write_text(f"{digest}\n")
        if not digest:
            show("No changes: there is nothing to approve.")
            return 0
        show(f"digest {digest}")
        for asked in _asked(site, digest):
            show(asked)
        if not arguments.no_chat:
            _announced(site, digest, found, required=arguments.require_chat)
    return 0


def notify(arguments: argparse.Namespace, show: Show) -> int:
    """Ask the chats to acknowledge a plan that was made before."""
    with opened(arguments, show) as site:
        digest = resolved(arguments.digest, site.plans.digests())
        if not _asking(site, digest, site.plans.changes(digest)):
            raise Refusal("chat: none of urls_file, urls_parameter, urls_secret is set")
        show(f"the chat is asked to acknowledge {digest[:SHORT]}")
    return 0


def _made(
    site: Site, who: Mapping[str, str], variables: Mapping[str, object]
) -> tuple[str, Changes]:
    """Have Terraform plan; the digest is empty when the plan changes nothing."""
    told = site.settings.delivery
    tool = terraform(site, variables=variables)
    with worded(site), site.plans.aside() as folder:
        site.show(f"planning {told.directory}")
        tool.init(backend_file=backend_file(site))
        made: Plan = tool.plan(folder / "plan.tfplan")
        found = changes(made.json)
        if not made.changed:
            return "", found
        record = {
            **who,
            "at": RealClock().now(),
            "directory": told.directory,
            "terraform": made.json.get("terraform_version", ""),
            "variables": dict(variables),
        }
        return site.plans.keep(made.path, found, record), found


def _asked(site: Site, digest: str) -> tuple[str, ...]:
    rules = site.rules
    people = "one person" if rules.approvals == 1 else f"{rules.approvals} people"
    also = ", one of them not its author" if rules.four_eyes else ""
    return (
        f"To be approved by {people}{also}: {site.command('approve', digest)}",
        f"Then: {site.command('apply', digest)}",
    )


def _announced(site: Site, digest: str, found: Changes, *, required: bool) -> None:
    if required:
        if not _asking(site, digest, found):
            raise Refusal("--require-chat: none of chat.urls_* is set")
    else:
        title, text, alarming = _words(site, digest, found)
        mention(site, title, text, alarming=alarming)


def _asking(site: Site, digest: str, found: Changes) -> bool:
    title, text, alarming = _words(site, digest, found)
    return say(site, title, text, alarming=alarming)


def _words(site: Site, digest: str, found: Changes) -> tuple[str, str, bool]:
    author = site.plans.delivery(digest).planned.by
    title = f"workhorse: plan {digest[:SHORT]} by {author}: please look and acknowledge"
    text = message(found, _asked(site, digest))
    return title, text, bool(found.of(Verb.DESTROY, Verb.REPLACE))


def _tidied(site: Site) -> None:
    """Throw away what killed processes left, and plans that nobody applied in time."""
    with suppress(Refusal), site.plans.working("apply"):
        site.plans.sweep()
        for digest in site.plans.digests():
            try:
                _discarded_when_old(site, digest, RealClock().now())
            except Refusal as damaged:
                site.show(f"warning: {damaged}")


def _discarded_when_old(site: Site, digest: str, now: float) -> None:
    delivery = site.plans.delivery(digest)
    old = now - delivery.planned.at > site.settings.delivery.keep_days * DAY
    unused = {Standing.WAITING, Standing.APPROVED}
    if old and standing(delivery, site.rules, now, running=False) in unused:
        site.plans.record(digest, Told.DISCARDED, {"by": "plan", "where": "here", "at": now})
        site.plans.forget(digest)


def _images(site: Site, given: list[str]) -> dict[str, str]:
    """The image of each pool: as given, else its candidate, else its stable one."""
    overrides: dict[str, str] = {}
    for text in given:
        match = OVERRIDE.fullmatch(text)
        if not match:
            raise Refusal(f"--image: {text!r}: must be ami-... or POOL=ami-...")
        overrides[match["pool"] or ""] = match["image"]
    prefix = site.settings.store.prefix
    if not (prefix or overrides):
        return {}
    names = _pools(site)
    unknown = sorted(set(overrides) - {"", *names})
    if unknown:
        raise Refusal(f"--image: {', '.join(unknown)}: must be a pool ({', '.join(names)})")
    store = SsmImages(site.clients, prefix)
    found = {}
    for name in names:
        image = overrides.get(name) or overrides.get("")
        if not image and prefix:
            channels = store.channels(name)
            image = channels.candidate or channels.stable
        if image:
            found[name] = image
    return found


def _pools(site: Site) -> list[str]:
    """The pools' names, also of those whose policy Terraform has yet to write to SSM."""
    return [
        entry.name if isinstance(entry, InlinePool) else _named(site, entry.policy_parameter)
        for entry in site.settings.pool
    ]


def _named(site: Site, parameter: str) -> str:
    match = re.search(r"/pools/([a-z][a-z0-9-]{0,31})/policy$", parameter)
    return (
        match[1]
        if match
        else policy_from_json(secrets.from_parameter(site.clients, parameter)).name
    )
