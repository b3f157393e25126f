"""Make this machine an agent of Jenkins.

    PYTHONPATH=/usr/local/lib python3 -m workhorse.register --user jenkins --seconds 540

Runs once at boot, as root, on the image alone. User data says which of three ways in is taken:
`gateway` proves the identity of the instance, `token` shows a registration token, and for either
the gateway makes the node and hands out this agent's secret; `swarm` leaves that to Swarm's own
client and only fetches its credential.

Left behind in the run folder are the files of `folder.py`: `secret` is what systemd hands to the
agent as its standard input.

Whatever fails is tried again until the seconds are over. Then it gives up, and the boot has failed.
"""

import argparse
import base64
import os
import pwd
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .exchange import FailedError
from .folder import RUN, keep, keep_agent, keep_answer
from .gateway import Gateway, text
from .machine import Machine, learn
from .patience import Patience
from .tell import say
from .userdata import PLAIN_PATH, PLAIN_URL

GAVE_UP, USELESS = 1, 2
"""Exit statuses: nobody let us in in time; what was told can never work."""

FORBIDDEN = 403

LEGAL = {
    "name": r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}",
    "jenkins_url": PLAIN_URL,
    "directory": PLAIN_PATH,
    "connection": "websocket|tcp",
    "jar_sha256": "([0-9a-f]{64})?",
    "secret": "[0-9a-f]{16,}",
}
"""What the gateway may say: each becomes a value of a file that systemd or a shell reads."""

SECRETS = ("secret", "lease", "resume", "late")
"""Keys of the answer that are not left for everybody."""


def checked(answer: Mapping[str, object]) -> dict[str, str]:
    """The texts of the answer that the agent is started with; raises FailedError."""
    found = {key: text(answer, key) for key in LEGAL}
    for key, value in found.items():
        if not re.fullmatch(LEGAL[key], value):
            shown = "what is no secret" if key == "secret" else repr(value)
            raise FailedError(f"gateway: its {key} is {shown}; legal: {LEGAL[key]}")
    return found


def settle(machine: Machine, run: Path, answer: Mapping[str, object]) -> None:
    """Leave behind what the gateway said."""
    found = checked(answer)
    if machine.told.way == "token":
        machine.remember(found["name"], str(answer.get("resume", "")))
    keep_answer(run, {key: value for key, value in answer.items() if key not in SECRETS})
    keep_agent(
        run,
        {
            "WORKHORSE_WAY": machine.told.way,
            "WORKHORSE_NAME": found["name"],
            "WORKHORSE_URL": found["jenkins_url"],
            "WORKHORSE_DIRECTORY": found["directory"],
            "WORKHORSE_CONNECTION": found["connection"],
            "WORKHORSE_JAR_SHA256": found["jar_sha256"],
            "GATEWAY_URL": machine.told.gateway_url,
            "CACHE": "yes" if answer.get("cache") is True else "no",
            **({"AWS_REGION": machine.told.region} if machine.told.region else {}),
        },
        found["secret"],
    )


def enter(machine: Machine, gateway: Gateway, run: Path) -> dict[str, object]:
    """Come in by the gateway, and leave behind what it said; its answer.

    Raises:
        FailedError, OSError: not this time.
    """
    try:
        answer = gateway.register()
    except FailedError as refused:
        if refused.status == FORBIDDEN and machine.told.way == "token":
            machine.forget()
        raise
    settle(machine, run, answer)
    return answer


def keep_late(run: Path, late: object) -> None:
    """Leave the signed list of late configuration exactly as it came, when there is one."""
    if late is None:
        return
    if not isinstance(late, dict):
        raise FailedError("gateway: its late configuration is no object")
    try:
        parts = {key: base64.b64decode(text(late, key), validate=True) for key in LATE}
    except ValueError as error:
        raise FailedError(f"gateway: its late configuration is not in base64: {error}") from error
    for key, content in parts.items():
        keep(run / f"late.{key}", content, 0o644)


LATE = ("manifest", "signature")


def swarm(machine: Machine, run: Path) -> None:
    """Leave what Swarm's client is started with; it makes the node by itself."""
    told = machine.told
    values = {
        "WORKHORSE_WAY": "swarm",
        "WORKHORSE_NAME": machine.name,
        "WORKHORSE_URL": told.jenkins_url,
        "WORKHORSE_DIRECTORY": told.directory,
        "WORKHORSE_USER": told.jenkins_user,
        "WORKHORSE_LABELS": told.labels,
        "WORKHORSE_EXECUTORS": str(told.executors),
        "WORKHORSE_MODE": "exclusive" if told.exclusive else "normal",
        "CACHE": "no",
        **({"AWS_REGION": told.region} if told.region else {}),
    }
    keep_agent(run, values, machine.secret_parameter(told.jenkins_token_parameter))


def workplace(directory: str, user: str) -> None:
    """The directory where builds work, if it is not there, owned by the user."""
    path = Path(directory)
    if not path.is_dir():
        owner = pwd.getpwnam(user)
        path.mkdir(parents=True, mode=0o755)
        # By no link: a build that outlived the agent may be in the directory above.
        made = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            os.fchmod(made, 0o755)  # the unit's mask may be narrower
            os.fchown(made, owner.pw_uid, owner.pw_gid)
        finally:
            os.close(made)


def register(machine: Machine, run: Path, user: str, patience: Patience) -> None:
    """From what the machine was told to the files it leaves; raises what the last try raised."""
    told = machine.told
    if told.way == "swarm":
        patience(lambda: swarm(machine, run))
        workplace(told.directory, user)
        say(f"{machine.name} is to be an agent of {told.jenkins_url} by Swarm")
        return
    gateway = Gateway(told.gateway_url, machine.claim, run)
    answer = patience(lambda: enter(machine, gateway, run))
    keep_late(run, answer.get("late"))
    workplace(text(answer, "directory"), user)
    labels = answer.get("labels")
    named = " ".join(map(str, labels)) if isinstance(labels, list) else ""
    say(f"{answer['name']} is an agent of {answer['jenkins_url']} with the labels {named}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Register and give 0; 1 when time ran out, 2 when it can never work."""
    parser = argparse.ArgumentParser(prog="register", description="Make this machine an agent.")
    parser.add_argument("--user", required=True, help="whom builds run as")
    parser.add_argument("--seconds", required=True, type=float, help="how long it may take")
    parser.add_argument("--run", default=RUN, type=Path, help="where to leave files")
    given = parser.parse_args(arguments)
    try:
        patience = Patience(given.seconds)
        machine = patience(lambda: learn(os.environ))
        patience.draw_by(machine.name)
        register(machine, given.run, given.user, patience)
    except ValueError as error:
        say(f"useless: {error}")
        return USELESS
    except (OSError, FailedError) as error:
        say(f"gave up: {error}")
        return GAVE_UP
    return 0


if __name__ == "__main__":
    sys.exit(main())
