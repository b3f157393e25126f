"""`bake`: an image of a pool, by Packer; the newest one is the pool's candidate.

Everything that speaks against a bake is told before AWS is asked for anything. What a bake that
failed may have left in AWS is looked for, and taken away.
"""

import argparse
import json
import pwd
import signal
import socket
import tempfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from os import getuid
from pathlib import Path

from workhorse.adapters.bake_leftovers import leftovers, remove
from workhorse.adapters.clock import RealClock
from workhorse.adapters.image_store import SsmImages
from workhorse.adapters.packer import BakeError
from workhorse.adapters.session import AwsClients
from workhorse.commands.bake_request import Request, requested
from workhorse.commands.command import Command, Show
from workhorse.core.bake import Baking, Line, Made
from workhorse.core.errors import Surprise
from workhorse.settings import Settings, load

INTERRUPTED = 130
"""What a shell says of a program that SIGINT ended."""


def bake(arguments: argparse.Namespace, show: Show) -> int:
    """Bake an image and make it the pool's candidate.

    Raises:
        Refusal: something speaks against it; every fault that was found.
        Surprise: the bake failed; which step it was, its last lines, and what became of the rest.
    """
    settings = load(arguments.config)
    with closing(AwsClients(settings.aws.region, settings.aws.endpoint)) as clients:
        request = requested(arguments, settings, clients, by=arguments.by or _who())
        show(
            f"baking an image of pool {request.pool} from commit {request.commit} "
            f"with Packer {'.'.join(map(str, request.packer.version))}"
        )
        # A pipeline that is cancelled sends SIGTERM; Packer has to hear of it too.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return _Bake(request, settings, clients, show, verbose=arguments.verbose).run()
        finally:
            signal.signal(signal.SIGTERM, before)


class _Bake:
    """One bake, told as it goes."""

    def __init__(
        self,
        request: Request,
        settings: Settings,
        clients: AwsClients,
        show: Show,
        *,
        verbose: bool,
    ) -> None:
        self._request = request
        self._settings = settings
        self._clients = clients
        self._show = show
        self._verbose = verbose
        self._clock = RealClock()
        self._began = self._clock.now()
        self._baking = Baking()

    def run(self) -> int:
        """Bake, remember, and clean up where that failed."""
        try:
            with tempfile.TemporaryDirectory(prefix="workhorse-bake-") as folder:
                image, _baking = self._request.packer.build(
                    Path(folder),
                    self._request.template,
                    self._request.variables,
                    heard=self._heard,
                    limit_seconds=self._settings.bake.limit_seconds,
                )
        except KeyboardInterrupt:
            self._show(f'interrupted at "{self._baking.step}"; Packer has cleaned up')
            self._clean(self._baking.made)
            return INTERRUPTED
        except BakeError as wrong:
            self._clean(wrong.baking.made)
            raise
        self._remember(image)
        return 0

    def _heard(self, baking: Baking, line: Line) -> None:
        seconds = self._clock.now() - self._began
        before, self._baking = self._baking, baking
        if baking.step != before.step:
            self._show(f"{seconds:5.0f} s  {baking.step}")
        elif baking.cleaning and not before.cleaning:
            self._show(f"{seconds:5.0f} s  Cleaning up")
        elif self._verbose:
            self._show(f"         {line.text}")

    def _remember(self, image: str) -> None:
        """Tag it and make it the candidate; cut short before that, nobody takes it for one."""
        store = SsmImages(self._clients, self._settings.store.prefix)
        pool = self._request.pool
        now = self._clock.now()
        try:
            made = store.image(image)
            store.tag(made, {"baked-at": datetime.fromtimestamp(now, UTC).isoformat()})
            store.set_candidate(pool, image)
        except Surprise as wrong:
            told = f"{image} was baked, but is not the candidate of {pool}: {wrong}"
            raise Surprise(f"{told}; once that is mended: promote --candidate {image}") from wrong
        self._show(f"{now - self._began:5.0f} s  baked {image}, the candidate of {pool} now")

    def _clean(self, made: Made) -> None:
        """Look for what is left in AWS, and take it away."""
        try:
            found = leftovers(self._clients, made)
            if not found:
                self._show("nothing of this bake is left in AWS")
                return
            self._show(f"left in AWS: {', '.join(map(str, found))}")
            remove(self._clients, found)
            left = leftovers(self._clients, made)
        except Surprise as wrong:
            self._show(f"what is left could not be taken away, which is for you to do: {wrong}")
            return
        told = ", ".join(map(str, left))
        self._show(f"still there, for you to remove: {told}" if left else "took all of it away")


def _who() -> str:
    """Who runs this, and where."""
    return f"{pwd.getpwuid(getuid()).pw_name}@{socket.gethostname()}"


def variable(text: str) -> Mapping[str, object]:
    """A variable of the template, from `NAME=VALUE`; the value may be JSON.

    Raises:
        ArgumentTypeError: it has another form.
    """
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text!r} must be NAME=VALUE")
    try:
        return {name: json.loads(value)}
    except json.JSONDecodeError:
        return {name: value}


def _options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--config", type=Path, required=True, metavar="FILE", help="the settings, a TOML file")
    add("--pool", default="", metavar="NAME", help="the pool; left out, the only one")
    add("--spot", action="store_true", help="bake on a spot instance")
    add(
        "--var",
        type=variable,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable of the template; may be given again",
    )
    add("--dirty", action="store_true", help="bake though files differ from the commit")
    add("--by", default="", metavar="WHO", help="who bakes; left out, who runs this")
    add("--verbose", action="store_true", help="also what happens within a step")


COMMAND = Command(
    name="bake",
    help="bake an image and make it the pool's candidate",
    add_options=_options,
    run=bake,
)
