"""What every command of a delivery works with: settings, plans, Terraform, chat, who asks."""

import argparse
import contextlib
import os
import pwd
import re
import shlex
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from workhorse.adapters import secrets
from workhorse.adapters.chat import Chat
from workhorse.adapters.plans import Plans
from workhorse.adapters.session import AwsClients
from workhorse.adapters.terraform import Terraform, TerraformError
from workhorse.adapters.terraform_faults import Fault, Kind, errors, understood
from workhorse.adapters.toolchain import Toolchain, find_terraform, prepare, version_of
from workhorse.commands.command import Show
from workhorse.core.delivery import SHORT, Rules, person
from workhorse.core.errors import Refusal, Surprise
from workhorse.core.summary import Line
from workhorse.settings import Settings, load
from workhorse.settings.faults import refusal
from workhorse.wiring import environment

HOUR, DAY = 3600.0, 86400.0

NOT_FOR_TERRAFORM = re.compile(r"TF_CLI_ARGS.*|TF_LOG.*|TF_CLI_CONFIG_FILE|TF_INPUT")
"""Variables that would change what a command does, or have it log what it sends."""

SECRET_VARIABLES = re.compile(r"TF_VAR_.*|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN")
"""Variables whose values are struck out of what Terraform says when it fails."""

SECRET_LENGTH = 6
"""Shorter values are struck out of nothing: too many harmless words hold them."""

QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*[:=])?')
"""A text within an object or a list, in JSON or in Terraform's own language; a key has more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One delivery's surroundings."""

    settings: Settings
    config: Path
    clients: AwsClients
    plans: Plans
    show: Show

    @property
    def rules(self) -> Rules:
        """What an approval is worth here."""
        told = self.settings.delivery
        return Rules(
            approvals=told.approvals,
            four_eyes=told.four_eyes,
            approval_seconds=told.approval_hours * HOUR,
        )

    def command(self, name: str, digest: str) -> str:
        """The command line of a later step for the plan."""
        return shlex.join(["./inv", name, digest[:SHORT], "--config", str(self.config)])

    def tell(self, line: Line) -> None:
        """Show a line; loud ones are red where there is colour."""
        self.show(painted(line))


@contextlib.contextmanager
def opened(arguments: argparse.Namespace, show: Show) -> Iterator[Site]:
    """The surroundings that the settings name.

    Raises:
        Refusal: something that they name is missing; it names all of it.
        Surprise: whoever runs us interrupted what was done with them.
    """
    settings = load(arguments.config)
    told = settings.delivery
    faults = [
        *(
            f"delivery.{key}: (empty): is required"
            for key in ("directory", "plans")
            if not getattr(told, key)
        ),
        *(
            f'delivery.{key}: "{name}": must be a file'
            for key in ("variables_file", "backend_file", "cli_config")
            if (name := getattr(told, key)) and not Path(name).is_file()
        ),
    ]
    if told.directory and not Path(told.directory).is_dir():
        faults.append(f'delivery.directory: "{told.directory}": must be a folder')
    if faults:
        raise refusal(str(arguments.config), faults)
    # Whoever stops us means Terraform too, which then ends in order, with its state written.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    clients = AwsClients(settings.aws.region, settings.aws.endpoint)
    try:
        yield Site(
            settings=settings,
            config=arguments.config,
            clients=clients,
            plans=Plans(Path(told.plans)),
            show=show,
        )
    except KeyboardInterrupt:
        raise Surprise("interrupted") from None
    finally:
        clients.close()
        signal.signal(signal.SIGTERM, before)


def terraform(
    site: Site,
    *,
    variables: Mapping[str, object] | None = None,
    progress: Callable[[str], None] = lambda _line: None,
) -> Terraform:
    """Terraform in the settings' directory, as whoever runs us."""
    told = site.settings.delivery
    return Terraform(
        directory=Path(told.directory),
        toolchain=_toolchain(site),
        environ={k: v for k, v in environment().items() if not NOT_FOR_TERRAFORM.fullmatch(k)},
        variables=variables,
        variables_file=Path(told.variables_file) if told.variables_file else None,
        progress=progress,
        limit_seconds=told.limit_seconds,
        lock_seconds=told.lock_seconds,
    )


def backend_file(site: Site) -> Path | None:
    """The rest of the backend's settings."""
    name = site.settings.delivery.backend_file
    return Path(name) if name else None


def _toolchain(site: Site) -> Toolchain:
    told = site.settings.delivery
    tools = Path(told.tools)
    if not told.cli_config:
        return prepare(tools, binary=told.terraform, registry=not told.mirror, progress=site.show)
    tools.mkdir(parents=True, exist_ok=True)
    binary = find_terraform(tools.resolve(), binary=told.terraform, progress=site.show)
    version = ".".join(map(str, version_of(binary)))
    return Toolchain(binary=binary, version=version, cli_config=Path(told.cli_config).resolve())


@contextlib.contextmanager
def worded(site: Site) -> Iterator[None]:
    """Tell a failure of Terraform in words: its own on the screen, what to do as the error.

    Raises:
        Refusal: somebody must do something first.
        Surprise: Terraform failed.
    """
    try:
        yield
    except TerraformError as wrong:
        raise told(site, wrong, fault(site, wrong)) from None


def fault(site: Site, wrong: TerraformError) -> Fault:
    """What the failure means."""
    return understood(wrong, site.settings.delivery.directory)


def told(site: Site, wrong: TerraformError, fault: Fault) -> Refusal | Surprise:
    """The error to end with; Terraform's own words are shown, but for the secrets that we know."""
    if fault.kind is not Kind.OTHER:
        return Refusal(fault.words)
    struck = _secrets(v for k, v in environment().items() if SECRET_VARIABLES.fullmatch(k))
    for line in errors(wrong):
        for secret in struck:
            line = line.replace(secret, "(secret)")  # noqa: PLW2901 - the same line, less
        site.show(line)
    return Surprise(fault.words)


def _secrets(values: Iterable[str]) -> list[str]:
    """What must not be seen of these values: all of it, each line, each text of an object.

    Terraform tells a text line by line, and an attribute without the object around it. The longest
    come first, for one may hold another.
    """
    found: set[str] = set()
    for value in values:
        within = [text.replace("\\n", "\n") for text, key in QUOTED.findall(value) if not key]
        found |= {line.strip() for text in (value, *within) for line in text.splitlines()}
        found |= {value, *within}
    return sorted((each for each in found if len(each) >= SECRET_LENGTH), key=len, reverse=True)


def by(arguments: argparse.Namespace) -> dict[str, str]:
    """Who asks, and from where: as told, else the account and the machine."""
    # Not getpass: it believes the environment.
    name = arguments.by or pwd.getpwuid(os.getuid()).pw_name
    where = arguments.where or socket.gethostname()
    return {"by": person(name, option="--by"), "where": person(where, option="--where")}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The option that every command has."""
    parser.add_argument("--config", type=Path, required=True, help="the settings, a TOML file")


def add_person(parser: argparse.ArgumentParser) -> None:
    """The options that say who asks."""
    parser.add_argument("--by", default="", help="who asks; left out, the account")
    parser.add_argument(
        "--where", default="", help="from where, as the address of a build; left out, the machine"
    )


def painted(line: Line) -> str:
    """The line with its colour, where standard output is a terminal that has any."""
    console = Console(highlight=False, soft_wrap=True)
    if not (line.loud and console.is_terminal and console.color_system):
        return line.text
    with console.capture() as captured:
        console.print(Text(line.text, style="bold red"), end="")
    return captured.get()


def urls(site: Site) -> tuple[str, str] | None:
    """The URLs of the chats and what they were read from; None where no chat is set.

    Raises:
        Refusal: they cannot be read.
    """
    chat = site.settings.chat
    if chat.urls_parameter:
        return secrets.from_parameter(site.clients, chat.urls_parameter), "chat.urls_parameter"
    if chat.urls_secret:
        return secrets.from_secret(site.clients, chat.urls_secret), "chat.urls_secret"
    if not chat.urls_file:
        return None
    try:
        return Path(chat.urls_file).read_text(encoding="utf-8"), "chat.urls_file"
    except (OSError, UnicodeDecodeError):
        raise Refusal(f"chat.urls_file: {chat.urls_file}: cannot be read") from None


def say(site: Site, title: str, text: str, *, alarming: bool = False) -> bool:
    """Tell the chats, if there are any; whether there are.

    Raises:
        Refusal: what the settings say of them is wrong.
        Surprise: some could not be told.
    """
    found = urls(site)
    if found is None:
        return False
    Chat(found[0], source=found[1]).tell(title, text, alarming=alarming)
    return True


def mention(site: Site, title: str, text: str, *, alarming: bool = False) -> None:
    """Tell the chats, and only warn when that fails: what is told has happened."""
    try:
        say(site, title, text, alarming=alarming)
    except (Refusal, Surprise) as wrong:
        site.show(f"warning: the chat was not told: {wrong}")
