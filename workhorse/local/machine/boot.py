"""How systemd-nspawn boots a machine: what it is given, and what is laid into its root first."""

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workhorse.local.machine.layers import Machine

LOCAL_ENVIRONMENT = "/etc/workhorse/local.env"
"""What the image's units read beside their own settings; no image brings it."""

SSHD_CONF = "/etc/ssh/sshd_config.d/00-local.conf"
"""Where ssh of a machine that is baked is told its port."""

PROGRAM_FOLDER = "/opt/workhorse-local"
"""Where the machine finds the program that runs in place of agent.jar."""

CONNECT = f"{PROGRAM_FOLDER}/connect"

ADMIN = "admin"
"""The user that a key pair opens, as on Debian's own images."""

PACKAGE = Path(__file__).resolve().parents[2]
"""The package `workhorse`, of whose standard library parts the program is made."""

NSPAWN = (
    *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot"),
    # Docker inside: it sets up bridges, and loads programs for device rules.
    *("--capability=CAP_NET_ADMIN,CAP_NET_RAW", "--system-call-filter=@keyring bpf"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a booted machine is told of the outside."""

    endpoint: str
    """URL of every AWS API."""
    metadata: str
    """URL of the instance's own metadata service."""
    region: str
    clock: str
    """ORIGIN:REAL0:SPEED of the virtual time."""

    def lines(self) -> str:
        """As the file that systemd reads."""
        values = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "WORKHORSE_CLOCK": self.clock,
            "WORKHORSE_CONNECT": CONNECT,
        }
        return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def agent_command(machine: Machine, network: str, told: Told) -> list[str]:
    """Boot it in a network of its own, with the seams that a local cloud needs."""
    given = machine.path / "given"
    program = given / "program"
    program.mkdir(parents=True, exist_ok=True)
    (given / "local.env").write_text(told.lines())
    _executable(
        program / "connect",
        f"#!/bin/sh\nPYTHONPATH={PROGRAM_FOLDER} "
        'exec python3 -S -m workhorse.local.machine.link "$@"\n',
    )
    (program / "workhorse").mkdir(exist_ok=True)
    mounts = given / "mnt"
    (mounts / "cache").mkdir(parents=True, exist_ok=True)
    return [
        *_nspawn(machine),
        f"--network-namespace-path={network}",
        f"--bind-ro={given / 'local.env'}:{LOCAL_ENVIRONMENT}",
        f"--bind-ro={program}:{PROGRAM_FOLDER}",
        f"--bind-ro={PACKAGE}:{PROGRAM_FOLDER}/workhorse",
        # Without a volume Docker keeps its layers there, and overlayfs takes no overlayfs below.
        f"--bind={mounts}:/mnt",
    ]


def bake_command(machine: Machine, port: int) -> list[str]:
    """Boot it in this machine's network, which packages come by; ssh listens on loopback only."""
    given = machine.path / "given"
    given.mkdir(exist_ok=True)
    (given / "sshd.conf").write_text(f"ListenAddress 127.0.0.1\nPort {port}\n")
    return [
        *_nspawn(machine),
        f"--bind-ro={given / 'sshd.conf'}:{SSHD_CONF}",
        "--resolv-conf=bind-host",
    ]


def tidy(machine: Machine) -> None:
    """Take away from the layer of a baked machine what only the bake on this machine brought."""
    (machine.layer / SSHD_CONF.lstrip("/")).unlink(missing_ok=True)


def authorise(machine: Machine, public_key: str) -> None:
    """Let the key of the instance's key pair in, as cloud-init does at the first boot."""
    home = machine.root / "home" / ADMIN
    owner = home.stat()
    folder = home / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    keys = folder / "authorized_keys"
    keys.write_text(f"{public_key.strip()}\n")
    keys.chmod(0o600)
    for each in (folder, keys):
        os.chown(each, owner.st_uid, owner.st_gid)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What systemd-nspawn itself is told; Docker inside wants control groups of version 2 only."""
    return {"PATH": given.get("PATH", os.defpath), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}


def _nspawn(machine: Machine) -> Sequence[str]:
    hosts = machine.path / "given" / "hosts"
    hosts.parent.mkdir(exist_ok=True)
    hosts.write_text(f"127.0.0.1 localhost {machine.path.name}\n::1 localhost\n")
    return (
        *NSPAWN,
        f"--directory={machine.root}",
        f"--machine={machine.path.name}",
        f"--hostname={machine.path.name}",
        f"--bind-ro={hosts}:/etc/hosts",
        "--console=read-only",
    )


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
