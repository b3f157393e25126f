"""No secret lies about: a pool at work, and a hunt through every place where others may look.

The same hunt goes through the run of a booted image in `slow`.
"""

import argparse
import os
import subprocess
import sys
import tomllib
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from scripts.agent.gateway import Gateway
from scripts.agent.machine import Machine, learn
from scripts.agent.patience import Patience
from tests.e2e.hunt import Finding, Processes, Text, cloud, files, findings, spellings
from tests.e2e.stage import Play, Stage, staged
from workhorse.adapters.session import AwsClients
from workhorse.commands import tokens
from workhorse.local.agent.http import ask
from workhorse.local.demo.embedded import REGION
from workhorse.local.demo.scenery import free_port
from workhorse.local.demo.setting import IMAGE, PoolSetting

POOL = "quiet"
PLAY = Play(
    pool=PoolSetting(name=POOL, label=POOL, job="quiet-build", ceiling=2),
    policy={"idle_seconds": 9000},
)
"""Its agents are to be there as long as we look at them, a real minute."""

TOKENS = "/workhorse/registration"
DECOY = "decoy-5f0c1e7a92d84b36"

PRIVATE = ("jenkins-token", "chat-urls")
"""Files that the controller alone may read, whose matter secrets are."""

WHERE_THE_DECOY_IS = {
    *("launch template decoy, version 1", "launch template decoy, version 1, user data"),
    *("value of parameter /decoy", "object decoy", "metric decoy", "dashboard decoy"),
    *("alarm decoy", "file decoy/journal.jsonl", "file decoy/packed.zip, inner"),
    *("cmdline", "environ", "tag decoy", "user data"),
}
"""The kinds of places, each of which the hunt must have been through."""


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> set[Finding]:
    """A pool that runs builds, loses its controller, and leaves; and what the hunt found."""
    folder = tmp_path_factory.mktemp("quiet")
    with Processes() as seen, staged(folder, PLAY) as stage:
        secrets = {"decoy": DECOY, **at_work(stage, folder)}
        clients = AwsClients(REGION, stage.where.cloud.endpoint)
        plant(clients, folder)
        with decoy_process(seen):
            texts: list[Text] = [*files(folder, but=PRIVATE), *cloud(clients), *seen.texts()]
            texts.append(("page of metrics", metrics(stage)))
        clients.close()
    private = [(each, (folder / each).read_bytes()) for each in PRIVATE]
    assert {one.secret for one in findings(secrets, private)} == {
        "Jenkins' token",
        "URL of the chat",
    }
    return findings(secrets, texts)


def test_the_hunt_finds_a_decoy_in_every_kind_of_place(hunted: set[Finding]) -> None:
    """A hunt that finds nothing proves nothing."""
    found = {one.place for one in hunted if one.secret == "decoy"}
    kinds = {f"{place} ".split(" of ")[0].strip() for place in found}
    missed = {each for each in WHERE_THE_DECOY_IS if each not in found | kinds}
    assert missed == set()


def test_no_secret_lies_about(hunted: set[Finding]) -> None:
    """Not in user data, templates, Terraform's state, journal, logs, metrics, arguments."""
    assert {one for one in hunted if one.secret != "decoy"} == set()


def test_a_secret_is_found_however_it_is_written() -> None:
    """In base64 amid other text, in hex, quoted for a URL or for JSON."""
    chance = Random(5)  # noqa: S311 - made-up secrets
    for _ in range(300):
        secret = b64encode(chance.randbytes(24)).decode() + "/+="
        around = [chance.randbytes(chance.randrange(9)) for _ in range(2)]
        text = b64encode(around[0] + secret.encode() + around[1])
        assert any(each in text for each in spellings(secret))
        assert all(len(each) > 16 for each in spellings(secret))
    assert quote(secret, safe="").encode() in spellings(secret)


def at_work(stage: Stage, folder: Path) -> dict[str, str]:
    """Have the pool do what it does; its secrets by names that may be shown."""
    chat = "json://chat.example/4b7e90c2d1f35a68"
    (folder / "chat-urls").write_text(f"{chat}\n")
    text = stage.config.read_text()
    more = f'[chat]\nurls_file = "{folder / "chat-urls"}"\n'
    more += f'[metrics]\nprometheus = "127.0.0.1:{free_port()}"\n'
    at_gateway = f'[gateway]\ntokens_parameter = "{TOKENS}"'
    stage.config.write_text(more + text.replace("[gateway]", at_gateway))
    stage.controller.kill_and_start()
    for order in range(2):
        stage.queue(300, order=order)
    stage.until("both builds run", lambda: stage.started() == 2, virtual=1500)
    instance = str(stage.builds()[0]["node"])
    secrets = {
        "Jenkins' token": stage.where.token,
        "URL of the chat": chat.rpartition("/")[2],
        **of_an_instance(stage, instance, folder / "proved"),
        **of_a_token(stage, folder / "by-token"),
    }
    stage.controller.kill_and_start()
    stage.until("both builds ended", lambda: stage.ended() == 2, virtual=1500)
    stage.where.cloud.set_desired(stage.group, 0)
    return secrets


def metrics(stage: Stage) -> bytes:
    """What Prometheus is told, once the controller that was started last has looked."""
    listen = tomllib.loads(stage.config.read_text())["metrics"]["prometheus"]
    pages: list[bytes] = []

    def told() -> bool:
        with suppress(ConnectionError):
            pages.append(ask("GET", f"http://{listen}/metrics").body)
        return any(POOL.encode() in each for each in pages[-1:])

    stage.until("Prometheus is told of the pool", told, virtual=1500)
    return pages[-1]


def gateway_url(stage: Stage) -> str:
    """The gateway of the settings."""
    return f"http://{tomllib.loads(stage.config.read_text())['gateway']['listen']}"


def of_an_instance(stage: Stage, instance: str, run: Path) -> dict[str, str]:
    """What an agent has that registers with a proof, as this instance does."""
    endpoint = stage.where.cloud.endpoint
    machine: Machine = learn(
        {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{endpoint}/imds/{instance}",
        },
        run / "none",
        run,
    )
    claims: list[dict[str, Any]] = []

    def claim(nonce: Any) -> dict[str, object]:
        claims.append(machine.claim(nonce))
        return claims[-1]

    answer = registered(gateway_url(stage), claim, run)
    headers = claims[-1]["proof"]["headers"]
    assert machine.metadata is not None
    keys = machine.metadata.keys()
    return {
        "secret of an agent": answer["secret"],
        "lease": answer["lease"],
        "nonce": headers["X-Workhorse-Nonce"],
        "signature of a proof": headers["Authorization"].rpartition("=")[2],
        "key of a role": keys.secret_key,
        "token of a role": keys.token,
    }


def of_a_token(stage: Stage, run: Path) -> dict[str, str]:
    """What a machine has that registers by a token, and the token."""
    shown: list[str] = []
    (command,) = tokens.COMMANDS
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    words = ["--config", str(stage.config), "new", "--pool", POOL]
    assert command.run(parser.parse_args(words), shown.append) == 0
    token = shown[0]
    size = {"vcpus": 1, "memory_gib": 1.0}
    who = {"way": "token", "token": token, "name": "", "resume": "", **size}
    answer = registered(gateway_url(stage), lambda _nonce: who, run)
    return {
        "registration token": token,
        "secret of an agent by token": answer["secret"],
        "lease of an agent by token": answer["lease"],
        "resume of an agent by token": answer["resume"],
    }


def registered(url: str, claim: Any, run: Path) -> dict[str, str]:
    """What the gateway answers, tried as agents do; what an agent keeps is not kept."""
    run.mkdir()
    answer: Any = Patience(60)(Gateway(url, claim, run).register)
    (run / "lease").unlink()
    run.rmdir()
    return {key: str(value) for key, value in answer.items()}


def plant(clients: AwsClients, folder: Path) -> None:
    """Put the decoy into every kind of place that lasts."""
    told = b64encode(f"JENKINS_TOKEN={DECOY}\n".encode()).decode()
    tags: Any = [{"ResourceType": "launch-template", "Tags": [{"Key": "decoy", "Value": DECOY}]}]
    clients.ec2.create_launch_template(
        LaunchTemplateName="decoy",
        VersionDescription=DECOY,
        LaunchTemplateData={"ImageId": IMAGE, "UserData": told},
        TagSpecifications=tags,
    )
    launched = clients.ec2.run_instances(
        ImageId=IMAGE, MinCount=1, MaxCount=1, UserData=f"JENKINS_TOKEN={DECOY}\n"
    )
    instance = launched["Instances"][0]["InstanceId"]
    clients.ec2.create_tags(Resources=[instance], Tags=[{"Key": "decoy", "Value": DECOY}])
    clients.ssm.put_parameter(Name="/decoy", Value=DECOY, Type="String")
    clients.s3.create_bucket(Bucket="decoy")
    clients.s3.put_object(Bucket="decoy", Key="decoy", Body=DECOY.encode())
    point: Any = {"MetricName": "decoy", "Dimensions": [{"Name": "x", "Value": DECOY}], "Value": 1}
    clients.cloudwatch.put_metric_data(Namespace="decoy", MetricData=[point])
    clients.cloudwatch.put_dashboard(DashboardName="decoy", DashboardBody=f'{{"x":"{DECOY}"}}')
    alarm: Any = {"Namespace": "decoy", "MetricName": "decoy", "Statistic": "Sum", "Period": 60}
    alarm |= {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    clients.cloudwatch.put_metric_alarm(AlarmName="decoy", AlarmDescription=DECOY, **alarm)
    (folder / "decoy").mkdir()
    coded = b64encode(f"user:{DECOY}".encode()).decode()
    (folder / "decoy/journal.jsonl").write_text(f'{{"header": "Basic {coded}"}}\n')
    with zipfile.ZipFile(folder / "decoy/packed.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inner", f"token = {DECOY}\n" * 100)


@contextmanager
def decoy_process(seen: Processes) -> Iterator[None]:
    """A process with the decoy among its arguments and in its environment, until it was seen."""
    command = [sys.executable, "-c", "input()", DECOY]
    environ = {**os.environ, "DECOY": DECOY}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environ) as process:
        seen.look()
        yield
        process.communicate(b"\n")
