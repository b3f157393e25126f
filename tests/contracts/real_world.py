"""The real adapters, against the embedded cloud and files."""

import atexit
import base64
import json
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests import few_images
from tests.contracts.real_jenkins import ControllerOnStandIn, stage_on
from tests.contracts.stages import GROUP, HEARTBEAT_SECONDS, HOOK, MAXIMUM
from workhorse.adapters.aws import AwsCloud
from workhorse.adapters.aws_mailbox import SqsMailbox
from workhorse.adapters.aws_metrics import CloudWatchMetrics
from workhorse.adapters.journal import JournalFile, records
from workhorse.adapters.session import AwsClients
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock

REGION = "us-east-1"
START = 1_767_225_600.0
IMAGE = few_images.IMAGE
PLAIN = {"LaunchTemplate": {"LaunchTemplateName": "agents", "Version": "$Latest"}}
MIXED = {
    "MixedInstancesPolicy": {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateName": "agents", "Version": "1"},
            "Overrides": [{"InstanceType": "m5.large"}, {"InstanceType": "m5a.large"}],
        },
        "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 100},
    }
}
"""What a group is made to launch, in the words of CreateAutoScalingGroup."""


class Aws:
    """The embedded AWS on a clock that moves only when told, and our clients for it."""

    def __init__(self) -> None:
        self.clock = ScaledClock(START, 0.0)
        timings = Timings(boot=60.0, shutdown=10.0, health=30.0)
        made = EmbeddedAws(self.clock, timings=timings, managed_policies=False)
        self.embedded = few_images.started(made)
        self.clients = AwsClients(REGION, self.embedded.endpoint)

    def now(self) -> float:
        """The virtual time."""
        return self.clock.now()

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass, and what is due in it happen."""
        self.embedded.advance(seconds)

    def close(self) -> None:
        """End it."""
        self.clients.close()
        self.embedded.stop()

    def shut(self) -> None:
        """Have our clients talk to a port where nobody is."""
        nowhere = AwsClients(REGION, deaf_endpoint())
        for name in ("autoscaling", "ec2", "sqs", "cloudwatch"):
            getattr(self.clients, name).close()
            self.clients.__dict__[name] = getattr(nowhere, name)


@contextmanager
def aws_started() -> Iterator[Aws]:
    """The embedded AWS, ended at the end."""
    aws = Aws()
    try:
        yield aws
    finally:
        aws.close()


def deaf_endpoint() -> str:
    """The URL of a port on which nobody listens, nor ever will: it is ours."""
    return f"http://127.0.0.1:{_held().getsockname()[1]}"


@cache
def _held() -> socket.socket:
    """A port that stays taken as long as this process lives."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    atexit.register(held.close)
    return held


class CloudOnEmbeddedAws:
    """`CloudStage` by `AwsCloud`.

    The group launches from the template `agents`, in the version `$Latest`; with `mixed` from its
    version 1, by a mixed instances policy.
    """

    def __init__(self, aws: Aws, *, mixed: bool = False, user_data: str = "") -> None:
        self._aws = aws
        self.now = aws.now
        self.pass_time = aws.pass_time
        self.shut = aws.shut
        self.clients = aws.clients
        self.port = AwsCloud(aws.clients, now=aws.now)
        self._make_template(user_data)
        self._make_group(MIXED if mixed else PLAIN)

    def set_minimum(self, size: int) -> None:
        """UpdateAutoScalingGroup."""
        self._aws.clients.autoscaling.update_auto_scaling_group(
            AutoScalingGroupName=GROUP, MinSize=size
        )

    def ec2_terminate(self, instance: str) -> None:
        """EC2's TerminateInstances."""
        self._aws.clients.ec2.terminate_instances(InstanceIds=[instance])

    def switch_scale_in_off(self) -> None:
        """CreateOrUpdateTags."""
        self._aws.clients.autoscaling.create_or_update_tags(
            Tags=[
                {
                    "ResourceId": GROUP,
                    "ResourceType": "auto-scaling-group",
                    "Key": "workhorse:scale-in",
                    "Value": "off",
                    "PropagateAtLaunch": False,
                }
            ]
        )

    def _make_template(self, user_data: str) -> None:
        self._aws.clients.ec2.create_launch_template(
            LaunchTemplateName="agents",
            LaunchTemplateData={
                "ImageId": IMAGE,
                "InstanceType": "m5.large",
                "UserData": base64.b64encode(user_data.encode()).decode(),
            },
        )

    def _make_group(self, source: Mapping[str, Any]) -> None:
        ec2, autoscaling = self._aws.clients.ec2, self._aws.clients.autoscaling
        subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:2]
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=GROUP,
            MinSize=0,
            MaxSize=MAXIMUM,
            DesiredCapacity=0,
            VPCZoneIdentifier=",".join(subnets),
            **source,
        )
        autoscaling.put_lifecycle_hook(
            LifecycleHookName=HOOK,
            AutoScalingGroupName=GROUP,
            LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
            HeartbeatTimeout=int(HEARTBEAT_SECONDS),
            DefaultResult="CONTINUE",
        )


class MailboxOnEmbeddedAws:
    """`MailboxStage` by `SqsMailbox`."""

    def __init__(self, aws: Aws) -> None:
        self._sqs = aws.clients.sqs
        self.pass_time = aws.pass_time
        self.shut = aws.shut
        self.port = SqsMailbox(aws.clients)
        self.queue = self._sqs.create_queue(
            QueueName="events", Attributes={"VisibilityTimeout": "30"}
        )["QueueUrl"]

    def send(self, body: str) -> None:
        """SendMessage."""
        self._sqs.send_message(QueueUrl=self.queue, MessageBody=body)


class MetricsOnEmbeddedAws:
    """`MetricsStage` by `CloudWatchMetrics`."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.now = aws.now
        self.shut = aws.shut
        self.port = CloudWatchMetrics(aws.clients, "contract", resolution_seconds=10)

    def published(self) -> Mapping[tuple[str, str, str], float]:
        """GetMetricStatistics of every metric of the namespace."""
        cloudwatch = self._aws.clients.cloudwatch
        told: dict[tuple[str, str, str], float] = {}
        for metric in cloudwatch.list_metrics(Namespace="contract")["Metrics"]:
            dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
            points = cloudwatch.get_metric_statistics(
                Namespace="contract",
                MetricName=metric["MetricName"],
                Dimensions=metric["Dimensions"],
                StartTime=datetime.fromtimestamp(self.now() - 3600, tz=UTC),
                EndTime=datetime.fromtimestamp(self.now() + 3600, tz=UTC),
                Period=10,
                Statistics=["Maximum"],
            )["Datapoints"]
            newest = max(points, key=lambda point: point["Timestamp"])
            key = (metric["MetricName"], dimensions["Pool"], dimensions.get("Label", ""))
            told[key] = newest["Maximum"]
        return told


class JournalInAFile:
    """`JournalStage` by `JournalFile`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.port = JournalFile(path)

    def crash(self) -> None:
        """Open the file anew, as the next process does, after a torn write."""
        with self._path.open("ab") as file:
            file.write(json.dumps({"kind": "torn", "n": 1}).encode()[:-5])
        self.port.close()
        self.port = JournalFile(self._path)

    def kept(self) -> list[Mapping[str, Any]]:
        """What the file holds."""
        return list(records(self._path))


@contextmanager
def controller_stage() -> Iterator[ControllerOnStandIn]:
    """Jenkins; `real_jenkins.py` offers it on an older core."""
    with stage_on("2.541.2") as stage:
        yield stage


@contextmanager
def cloud_stage() -> Iterator[CloudOnEmbeddedAws]:
    """Auto Scaling."""
    with aws_started() as aws:
        yield CloudOnEmbeddedAws(aws)


@contextmanager
def mailbox_stage() -> Iterator[MailboxOnEmbeddedAws]:
    """SQS."""
    with aws_started() as aws:
        yield MailboxOnEmbeddedAws(aws)


@contextmanager
def metrics_stage() -> Iterator[MetricsOnEmbeddedAws]:
    """CloudWatch."""
    with aws_started() as aws:
        yield MetricsOnEmbeddedAws(aws)


@contextmanager
def journal_stage() -> Iterator[JournalInAFile]:
    """A file of JSON lines."""
    with tempfile.TemporaryDirectory() as folder:
        stage = JournalInAFile(Path(folder) / "journal.jsonl")
        yield stage
        stage.port.close()
