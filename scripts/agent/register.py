"""Make this instance a node of Jenkins.

    PYTHONPATH=/usr/local/lib python3 -m workhorse.register --user jenkins --seconds 540

Runs once at boot, as root, on the image alone: Python's own library, and boto3 for one parameter.
It learns from the metadata service which instance it is and from user data what to be, reads the
API token from SSM, creates the node and fetches the secret that the agent connects with.

The token stays in this process. Left behind in the run folder are `agent.env`, which anybody may
read, and `secret`, which only root may: systemd hands it to the agent as its standard input.

Whatever fails is tried again until the seconds are over: a controller that restarts refuses good
tokens for a while. Then it gives up, and its unit powers the instance off.
"""

import argparse
import base64
import json
import os
import pwd
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from .exchange import ANSWER_SECONDS, FailedError, ask, expect
from .userdata import Told, check, configuration

METADATA = "http://169.254.169.254"
"""The metadata service of every instance.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
"""

TOKEN_SECONDS = 300
"""Life of the metadata service's token: longer than one try."""

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between one try and the next; the last is kept."""

OK, FOUND, BAD_REQUEST = 200, 302, 400
GAVE_UP, USELESS = 1, 2
"""Exit statuses: nobody answered in time; what was told can never work."""

Got = TypeVar("Got")


def metadata(endpoint: str, path: str) -> str:
    """A leaf of the metadata service, asked with a token (IMDSv2)."""
    root = endpoint.rstrip("/") + "/latest"
    life = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)}
    token = expect(ask("PUT", f"{root}/api/token", life), OK, "metadata service").body.decode()
    answer = ask("GET", f"{root}/{path}", {"X-aws-ec2-metadata-token": token})
    return expect(answer, OK, f"metadata service: {path}").body.decode("utf-8", "replace")


def parameter(name: str, region: str, endpoint: str | None) -> str:
    """The decrypted value of an SSM parameter, read with the instance's role."""
    import boto3  # noqa: PLC0415 - a second of a small machine; Jenkins' part is tested without
    import botocore.exceptions  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    # Debian's boto3 does not read AWS_ENDPOINT_URL by itself.
    patient = Config(connect_timeout=5, read_timeout=ANSWER_SECONDS, retries={"max_attempts": 1})
    try:
        ssm = boto3.client("ssm", region_name=region, endpoint_url=endpoint, config=patient)
        return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise FailedError(f"{name}: {error}") from error


def node(name: str, told: Told) -> dict[str, object]:
    """What `doCreateItem` calls `json`: an inbound agent over WebSocket."""
    always = "hudson.slaves.RetentionStrategy$Always"
    launcher = "hudson.slaves.JNLPLauncher"
    work = {
        "disabled": False,
        "workDirPath": "",
        "internalDir": "remoting",
        "failIfWorkDirIsMissing": False,
    }
    return {
        "name": name,
        "nodeDescription": "registered by the instance itself",
        "numExecutors": str(told.executors),
        "remoteFS": told.remote_directory,
        "labelString": told.labels,
        "mode": "EXCLUSIVE" if told.exclusive else "NORMAL",
        "type": "hudson.slaves.DumbSlave",
        "launcher": {
            "stapler-class": launcher,
            "$class": launcher,
            "workDirSettings": work,
            "tunnel": "",
            "webSocket": True,
        },
        "retentionStrategy": {"stapler-class": always, "$class": always},
        "nodeProperties": {"stapler-class-bag": "true"},
    }


def join(name: str, told: Told, token: str) -> str:
    """Create the node, or find that it exists, and give the secret it connects with.

    Raises:
        FailedError: Jenkins refused.
        OSError: Jenkins did not answer.
    """
    credentials = base64.b64encode(f"{told.jenkins_user}:{token}".encode()).decode()
    # Who names no language is answered in the controller's own; its words are read below.
    headers = {"Authorization": f"Basic {credentials}", "Accept-Language": "en"}
    form = {
        "name": name,
        "type": "hudson.slaves.DumbSlave",
        "json": json.dumps(node(name, told)),
    }
    typed = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    url = f"{told.jenkins_url}computer/doCreateItem"
    made = ask("POST", url, typed, urlencode(form).encode())
    known = made.status == BAD_REQUEST and "already exists" in made.headers.get("x-error", "")
    if not known:
        expect(made, FOUND, "doCreateItem")
    url = f"{told.jenkins_url}computer/{quote(name)}/jenkins-agent.jnlp"
    text = expect(ask("GET", url, headers), OK, "jenkins-agent.jnlp").body
    try:
        secret = ET.fromstring(text).findtext(".//argument")  # noqa: S314 - of our own controller
    except ET.ParseError as error:
        raise FailedError(f"jenkins-agent.jnlp: {error}") from error
    if not secret or not re.fullmatch(r"[0-9a-f]{16,}", secret):
        raise FailedError("jenkins-agent.jnlp holds no secret")
    return secret


@dataclass
class Patience:
    """Try again until the seconds are over. The clock and the rest are arguments, for tests."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    rest: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds

    def __call__(self, act: Callable[[], Got]) -> Got:
        """What `act` gives; raises its last error when no time is left for another try."""
        tried = 0
        while True:
            try:
                return act()
            except (OSError, FailedError) as error:
                pause = PAUSES[min(tried, len(PAUSES) - 1)]
                if self.clock() + pause >= self._end:
                    raise
                say(f"{error}; again in {pause:g} s")
                tried += 1
                self.rest(pause)


def leave_behind(run: Path, name: str, told: Told, secret: str) -> None:
    """Write what the agent is started with; each file appears whole or not at all."""
    environment = {
        "WORKHORSE_NAME": name,
        "WORKHORSE_URL": told.jenkins_url,
        "WORKHORSE_DIRECTORY": told.remote_directory,
        "AWS_REGION": told.region,
    }
    lines = "".join(f"{key}={value}\n" for key, value in environment.items())
    for file, text, mode in (("secret", secret, 0o600), ("agent.env", lines, 0o644)):
        half = run / f".{file}"
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as out:
            os.fchmod(out.fileno(), mode)
            out.write(text)
        half.rename(run / file)


def workplace(told: Told, user: str) -> None:
    """The directory where builds work, if it is not there, owned by the user."""
    path = Path(told.remote_directory)
    if not path.is_dir():
        owner = pwd.getpwnam(user)
        path.mkdir(parents=True, mode=0o755)
        path.chmod(0o755)  # the unit's mask may be narrower
        os.chown(path, owner.pw_uid, owner.pw_gid)


def register(environ: Mapping[str, str], run: Path, user: str, patience: Patience) -> None:
    """From power-on to the two files; raises ValueError, or what the last try raised."""
    endpoint = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or METADATA
    name = patience(lambda: metadata(endpoint, "meta-data/instance-id"))
    told = configuration(patience(lambda: metadata(endpoint, "user-data")))
    check(told)
    aws = environ.get("AWS_ENDPOINT_URL") or None
    token = patience(lambda: parameter(told.token_parameter, told.region, aws))
    workplace(told, user)
    leave_behind(run, name, told, patience(lambda: join(name, told, token)))
    say(f"{name} is a node of {told.jenkins_url} with the labels {told.labels}")


def say(line: str) -> None:
    """Tell the journal."""
    sys.stderr.write(f"{line}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Register and give 0; 1 when time ran out, 2 when it can never work."""
    parser = argparse.ArgumentParser(prog="register", description="Make this instance a node.")
    parser.add_argument("--user", required=True, help="whom builds run as")
    parser.add_argument("--seconds", required=True, type=float, help="how long it may take")
    parser.add_argument("--run", default="/run/workhorse", type=Path, help="where to leave files")
    given = parser.parse_args(arguments)
    try:
        register(os.environ, given.run, given.user, Patience(given.seconds))
    except ValueError as error:
        say(f"useless: {error}")
        return USELESS
    except (OSError, FailedError) as error:
        say(f"gave up: {error}")
        return GAVE_UP
    return 0


if __name__ == "__main__":
    sys.exit(main())
