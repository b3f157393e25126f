"""What stands before the controller starts: the embedded AWS, a Jenkins, one shared time."""

import os
import random
import secrets
import shlex
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workhorse.local.agent.disk import VOLUMES
from workhorse.local.clock import ScaledClock
from workhorse.local.demo.embedded import REGION, EmbeddedCloud
from workhorse.local.demo.jenkins_api import JenkinsApi
from workhorse.local.demo.options import CHECKOUT, Options
from workhorse.local.demo.processes import Processes, StageError
from workhorse.local.demo.setting import Door, Tempo

READY_SECONDS = 60.0
"""How long a server may take to start on a busy machine."""

JENKINS_VERSION = "2.541.2"
USER = "demo"
BOOT_SECONDS = 60.0
"""From launch to running; a Linux machine on EC2 takes about this."""

SHUTDOWN_SECONDS = 30.0
"""From the order to the end; on a fast clock an agent has half a second to let its volume go."""

OWN_PORTS = range(20_000, 32_000)
"""Below 32,768, from where on the kernel gives ports to whoever names none (ip(7))."""

KEPT_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LANG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    """Where everything is."""

    clock: ScaledClock
    tempo: Tempo
    cloud: EmbeddedCloud
    jenkins: JenkinsApi
    user: str
    token: str
    token_file: Path
    real_jenkins: bool
    door: Door


def environment() -> Mapping[str, str]:
    """What our processes see of this machine: no AWS account, and this checkout's code."""
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return kept | {
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUNBUFFERED": "1",
        "AWS_ACCESS_KEY_ID": "embedded",
        "AWS_SECRET_ACCESS_KEY": "embedded",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def tempo_of(options: Options) -> Tempo:
    """Fast time with the stand-in; short builds in real time with a real Jenkins."""
    return Tempo(compress=options.speed) if options.jenkins else Tempo(speed=options.speed)


def build(options: Options, processes: Processes, folder: Path) -> Scenery:
    """Start the servers and wait until they answer; raises StageError when one does not."""
    tempo = tempo_of(options)
    clock = ScaledClock(speed=tempo.speed)
    cloud = processes.start(
        "aws",
        _aws_command(options, clock, tempo),
        environ={**environment(), VOLUMES: str((folder / "volumes").resolve())},
        cwd=CHECKOUT,
    )
    if options.jenkins:
        assert options.token_file is not None  # noqa: S101 - the command line demands it
        url, user, token_file = options.jenkins, options.user, options.token_file
    else:
        user, token_file = USER, folder / "jenkins-token"
        _write_secret(token_file)
        command = _jenkins_command(clock, user, token_file)
        server = processes.start("jenkins", command, environ=environment(), cwd=CHECKOUT)
        url = server.ready(READY_SECONDS)["url"]
    token = token_file.read_text().strip()
    return Scenery(
        clock=clock,
        tempo=tempo,
        cloud=EmbeddedCloud(cloud.ready(READY_SECONDS)["endpoint"]),
        jenkins=JenkinsApi(url, user, token),
        user=user,
        token=token,
        token_file=token_file.resolve(),
        real_jenkins=bool(options.jenkins),
        door=Door(port=free_port()),
    )


def free_port() -> int:
    """A port of loopback that nobody listens on now; another each time.

    It is of `OWN_PORTS`, so that nobody is given it before whoever we tell of it listens there.

    Raises:
        StageError: none of a hundred was free.
    """
    for port in random.SystemRandom().sample(OWN_PORTS, 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise StageError("no port of loopback is free")


def _aws_command(options: Options, clock: ScaledClock, tempo: Tempo) -> list[str]:
    body = [sys.executable, "-S", "-m", "workhorse.local.agent"]
    body += ["--agent-jar"] if options.jenkins else []
    boot = tempo.scaled(BOOT_SECONDS, least=5)
    command = [sys.executable, "-m", "workhorse.local.aws", "--port", "0", "--clock", str(clock)]
    ending = tempo.scaled(SHUTDOWN_SECONDS, least=5)
    command += ["--boot-seconds", f"{boot:g}", "--shutdown-seconds", f"{ending:g}"]
    return [*command, "--body", shlex.join(body)]


def _jenkins_command(clock: ScaledClock, user: str, token_file: Path) -> list[str]:
    command = [sys.executable, "-m", "workhorse.local.jenkins", "--port", "0"]
    command += ["--clock", str(clock), "--version", JENKINS_VERSION]
    return [*command, "--user", user, "--token-file", str(token_file)]


def _write_secret(path: Path) -> None:
    """A token of this run, in a file that only we can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(17) + "\n")
