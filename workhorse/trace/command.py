"""`python -m workhorse trace`: its options, and what it says."""

import argparse
import re
import secrets as chance
from collections.abc import Callable
from pathlib import Path

from workhorse.adapters import secrets
from workhorse.adapters.jenkins_history import JenkinsHistory
from workhorse.adapters.jenkins_http import JenkinsHttp
from workhorse.core.addresses import bears_credentials, url_fault
from workhorse.core.errors import Refusal
from workhorse.loops.ports import Clock
from workhorse.trace.export import Told, Wish, export
from workhorse.trace.partial import Scope


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add = parser.add_argument
    add("--jenkins", required=True, metavar="URL", help="Jenkins' root URL")
    add("--user", required=True, help="the user whose API token it is")
    add("--token-file", type=Path, required=True, metavar="FILE", help="file with the API token")
    add("--out", type=Path, required=True, metavar="FILE", help="the CSV to write")
    add("--days", type=float, default=30, help="how far back, in days (30)")
    add(
        "--job",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only jobs whose full name is like this, as team/*; may be given again",
    )
    add("--label", default="any", help="the label of builds whose label nobody tells (any)")
    add(
        "--rename",
        action="append",
        default=[],
        metavar="LABEL=NAME",
        help="write NAME for the label LABEL; may be given again",
    )
    add("--anonymous", action="store_true", help="write hashes for the names of jobs")
    add("--per-minute", type=float, default=60, metavar="N", help="requests a minute at most (60)")
    add("--depth", type=int, default=8, metavar="N", help="how deep folders are followed (8)")


def run(arguments: argparse.Namespace, clock: Clock, show: Callable[[str], None]) -> None:
    """Export by these options.

    Raises:
        Refusal: an option or the token is refused.
        Surprise: Jenkins or the disk failed, or we were told to stop; the same command goes on.
    """
    _check(arguments)
    token = secrets.from_file(arguments.token_file)
    http = JenkinsHttp(arguments.jenkins, arguments.user, token)
    scope = Scope(
        url=arguments.jenkins,
        days=arguments.days,
        jobs=tuple(arguments.job),
        anonymous=arguments.anonymous,
    )
    wish = Wish(
        out=arguments.out,
        label=arguments.label,
        renamed=dict(_pair(text) for text in arguments.rename),
        depth=arguments.depth,
    )
    history = JenkinsHistory(http, clock, per_minute=arguments.per_minute, show=show)
    told = export(history, scope, wish, now=clock.now(), salt=chance.token_hex(), show=show)
    for line in _said(told, wish):
        show(line)


def _check(arguments: argparse.Namespace) -> None:
    url = arguments.jenkins
    if bears_credentials(url):
        raise Refusal("--jenkins: (not shown): must hold no user and no password: it is told")
    if not re.fullmatch("https?://[^/?#]+(/[^?#]*)?", url):
        raise Refusal(f"--jenkins: {url}: must be a URL, as https://ci.example.com/")
    if fault := url_fault(url):
        raise Refusal(f"--jenkins: {url}: {fault}")
    for key in ("days", "per_minute"):
        if not getattr(arguments, key) > 0:
            flag = key.replace("_", "-")
            raise Refusal(f"--{flag}: {getattr(arguments, key):g}: must be above 0")
    if arguments.depth < 0:
        raise Refusal(f"--depth: {arguments.depth}: must be 0 or more")
    if not arguments.label.strip():
        raise Refusal("--label: must not be empty")
    if not arguments.out.parent.is_dir():
        raise Refusal(f"--out: {arguments.out.parent}: must be a folder")
    if arguments.out.exists() and not arguments.out.is_file():
        # It is put in place by a rename, hours later: a folder refuses that, a device would go.
        raise Refusal(f"--out: {arguments.out}: must be a file, or nothing yet")


def _pair(text: str) -> tuple[str, str]:
    label, _, name = text.rpartition("=")
    if not label or not name:
        raise Refusal(f"--rename: {text!r}: must be LABEL=NAME")
    return label, name


def _said(told: Told, wish: Wish) -> list[str]:
    lines = [f"{told.builds} builds in {wish.out}"]
    lines += [f"{count} of label {label}" for label, count in told.labels.items()]
    if told.waits_unknown:
        lines.append(
            f"{told.waits_unknown} arrive when they began, because nobody knows how long they "
            "waited: the metrics plugin would"
        )
    if told.labels_unknown:
        lines.append(f"{told.labels_unknown} have the label {wish.label}, for nobody tells theirs")
    return lines
