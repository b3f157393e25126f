"""A pool of one zone that nobody made with Terraform: for stories of agents, in seconds.

The program, the agents and the servers are processes as ever, and the group, its role, its queue
and its cache volume what a few calls make.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from workhorse.adapters.session import AwsClients
from workhorse.core.volume import POOL_TAG, TIER_TAG
from workhorse.local.demo import scenery, setting
from workhorse.local.demo.controller import Controller
from workhorse.local.demo.embedded import REGION
from workhorse.local.demo.jobs import sleeping_job
from workhorse.local.demo.one_pool import Play, Stage
from workhorse.local.demo.options import Options
from workhorse.local.demo.processes import Processes
from workhorse.local.demo.scenery import Scenery
from workhorse.local.demo.setting import ControllerSetting, Door, Tempo

ROLE = "workhorse-by-hand"
ZONE = f"{REGION}a"


@contextmanager
def by_hand(folder: Path, play: Play) -> Iterator[Stage]:
    """The pool of a play and everything around it; at the end every process is stopped."""
    with Processes(folder / "logs") as processes:
        where = scenery.build(Options(speed=play.speed), processes, folder)
        where.jenkins.create_job(play.pool.job, sleeping_job(play.pool.label))
        group = f"workhorse-{play.pool.name}"
        queue = _make(AwsClients(REGION, where.cloud.endpoint), where, play, group)
        config = folder / "workhorse.toml"
        config.write_text(_settings(folder, where, play, {"group": group, "queue_url": queue}))
        controller = Controller(processes, config)
        controller.start()
        yield Stage(
            play=play,
            where=where,
            group=group,
            controller=controller,
            processes=processes,
            config=config,
            log=folder / "journal.jsonl",
            apply=lambda _image: None,
        )
        controller.stop()


def _make(clients: AwsClients, where: Scenery, play: Play, group: str) -> str:
    """The group, one volume for each agent that it may have, and a queue, whose URL it gives."""
    # At its first call EC2 reads all images of moto, which may take longer than a client waits:
    # then this is asked again, and what follows is not.
    clients.ec2.describe_subnets()
    _make_role(where.cloud.endpoint)
    clients.ec2.create_launch_template(
        LaunchTemplateName=group,
        LaunchTemplateData={
            "ImageId": setting.IMAGE,
            "InstanceType": "m5.large",
            "IamInstanceProfile": {"Name": ROLE},
            "UserData": base64.b64encode(_told(where.door).encode()).decode(),
            "MetadataOptions": {"HttpTokens": "required"},
        },
    )
    clients.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=group,
        MinSize=0,
        MaxSize=play.pool.ceiling,
        DesiredCapacity=0,
        AvailabilityZones=[ZONE],
        LaunchTemplate={"LaunchTemplateName": group, "Version": "1"},
        Tags=[{"Key": "workhorse:pool", "Value": play.pool.name, "PropagateAtLaunch": True}],
    )
    tags = {POOL_TAG: play.pool.name, TIER_TAG: str(play.agent.get("tier", ""))}
    for _ in range(play.volumes):
        clients.ec2.create_volume(
            AvailabilityZone=ZONE,
            Size=setting.VOLUME_GIB,
            TagSpecifications=[
                {
                    "ResourceType": "volume",
                    "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
                }
            ],
        )
    return clients.sqs.create_queue(QueueName=group)["QueueUrl"]


def _make_role(endpoint: str) -> None:
    """The role of the instances; it may do nothing."""
    anybody = {"aws_access_key_id": "embedded", "aws_secret_access_key": "embedded"}
    iam = boto3.client("iam", endpoint_url=endpoint, region_name=REGION, **anybody)
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName=ROLE)
    iam.add_role_to_instance_profile(InstanceProfileName=ROLE, RoleName=ROLE)


def _told(door: Door) -> str:
    return f"GATEWAY_URL={door.url}\nGATEWAY_AUDIENCE={door.audience}\nAWS_REGION={REGION}\n"


def _settings(folder: Path, where: Scenery, play: Play, made: dict[str, str]) -> str:
    pool = play.pool
    policy = {
        "name": pool.name,
        "labels": [pool.label],
        "ceiling": pool.ceiling,
        "executors": pool.executors,
        **play.policy,
    }
    told = ControllerSetting(
        url=where.jenkins.url,
        user=where.user,
        token_file=str(where.token_file),
        endpoint=where.cloud.endpoint,
        clock=str(where.clock),
        journal=str(folder / "journal.jsonl"),
        door=where.door,
        agent={"directory": str(folder / "agents"), **play.agent},
    )
    output = {"policy": policy, "scaling": "loop", "role": ROLE, **made}
    return setting.controller_toml(told, Tempo(speed=play.speed), {pool.name: output})
