"""Groups keep their size: launches, scale-in, replacement, activities.

Pages are of https://docs.aws.amazon.com/autoscaling/ec2/userguide/ and, where they begin with
API_, of https://docs.aws.amazon.com/autoscaling/ec2/APIReference/ .
"""

from collections import Counter

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import Cloud


def zones(cloud: Cloud) -> Counter[str]:
    """Members of "pool" by zone."""
    return Counter(one["AvailabilityZone"] for one in cloud.describe()["Instances"])


def test_a_group_launches_asynchronously_and_balances_its_zones(cloud: Cloud) -> None:
    """ec2-auto-scaling-lifecycle.html: Pending until it is InService."""
    cloud.group(desired=4)
    assert set(cloud.members().values()) == {"Pending"}
    assert {one["State"]["Name"] for one in cloud.instances().values()} == {"pending"}

    cloud.advance(59)
    assert set(cloud.members().values()) == {"Pending"}
    cloud.advance(1)

    assert set(cloud.members().values()) == {"InService"}
    assert zones(cloud) == {"us-east-1a": 2, "us-east-1b": 2}


def test_desired_capacity_outside_min_and_max_is_refused(cloud: Cloud) -> None:
    """API_SetDesiredCapacity.html: between the minimum and maximum size of the group."""
    cloud.group(MinSize=1, desired=1)
    with pytest.raises(ClientError, match="above max value 10"):
        cloud.desire(11)
    with pytest.raises(ClientError, match="below min value 1"):
        cloud.desire(0)

    assert cloud.describe()["DesiredCapacity"] == 1


def test_scale_in_takes_the_oldest_from_the_fullest_zone_and_takes_its_time(cloud: Cloud) -> None:
    """ec2-auto-scaling-termination-policies.html: zones first, then the policy."""
    cloud.group(desired=3, TerminationPolicies=["OldestInstance"])
    cloud.advance(60)
    (full,) = [zone for zone, count in zones(cloud).items() if count == 2]
    cloud.desire(2)

    assert sorted(cloud.members().values()) == ["InService", "InService", "Terminating:Proceed"]
    (victim,) = [i for i, state in cloud.members().items() if state != "InService"]
    assert cloud.instances()[victim]["Placement"]["AvailabilityZone"] == full
    assert cloud.instances()[victim]["State"]["Name"] == "shutting-down"
    cloud.advance(10)

    assert victim not in cloud.members()
    assert cloud.instances()[victim]["State"]["Name"] == "terminated"
    assert cloud.client("ec2").describe_volumes()["Volumes"].__len__() == 2


def test_protected_instances_stay_and_a_failed_activity_says_so(cloud: Cloud) -> None:
    """ec2-auto-scaling-instance-protection.html: all remaining are protected."""
    cloud.group(desired=2, NewInstancesProtectedFromScaleIn=True)
    cloud.advance(60)
    cloud.desire(0)
    cloud.advance(600)

    assert list(cloud.members().values()) == ["InService", "InService"]
    newest = cloud.activities()[0]
    assert newest["StatusCode"] == "Failed"
    assert "all remaining instances are protected from scale-in" in newest["StatusMessage"]
    first, _second = cloud.members()
    cloud.client("autoscaling").set_instance_protection(
        AutoScalingGroupName="pool", InstanceIds=[first], ProtectedFromScaleIn=False
    )
    cloud.advance(20)
    assert first not in cloud.members()


def test_protection_of_a_foreign_instance_is_refused(cloud: Cloud) -> None:
    """API_SetInstanceProtection.html: the ids must be of the group."""
    cloud.group()
    with pytest.raises(ClientError, match="is not part of Auto Scaling group pool"):
        cloud.client("autoscaling").set_instance_protection(
            AutoScalingGroupName="pool", InstanceIds=["i-12345678"], ProtectedFromScaleIn=True
        )


def test_an_instance_that_ec2_terminates_is_replaced_by_the_health_check(cloud: Cloud) -> None:
    """ec2-auto-scaling-health-checks.html: not running is Unhealthy, and replaced."""
    cloud.group(desired=2)
    cloud.advance(60)
    victim, other = cloud.members()
    cloud.client("ec2").terminate_instances(InstanceIds=[victim])
    cloud.advance(20)
    assert len(cloud.members()) == 2
    cloud.advance(100)

    assert victim not in cloud.members()
    assert other in cloud.members()
    assert list(cloud.members().values()) == ["InService", "InService"]
    causes = " ".join(one["Cause"] for one in cloud.activities())
    assert "EC2 health check" in causes


def test_an_instance_set_unhealthy_is_replaced_unless_the_process_is_suspended(
    cloud: Cloud,
) -> None:
    """as-suspend-resume-processes.html: ReplaceUnhealthy ends instances marked unhealthy."""
    cloud.group(desired=1)
    cloud.advance(60)
    asg = cloud.client("autoscaling")
    asg.suspend_processes(AutoScalingGroupName="pool", ScalingProcesses=["ReplaceUnhealthy"])
    (first,) = cloud.members()
    asg.set_instance_health(
        InstanceId=first, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False
    )
    cloud.advance(300)
    assert list(cloud.members()) == [first]
    asg.resume_processes(AutoScalingGroupName="pool")
    cloud.advance(100)

    assert first not in cloud.members()
    assert list(cloud.members().values()) == ["InService"]


def test_a_young_instance_keeps_its_health_within_the_grace_period(cloud: Cloud) -> None:
    """API_SetInstanceHealth.html: ShouldRespectGracePeriod is true by default."""
    cloud.group(desired=1, HealthCheckGracePeriod=300)
    cloud.advance(60)
    (first,) = cloud.members()
    asg = cloud.client("autoscaling")
    asg.set_instance_health(InstanceId=first, HealthStatus="Unhealthy")
    assert cloud.describe()["Instances"][0]["HealthStatus"] == "Healthy"
    cloud.advance(300)
    asg.set_instance_health(InstanceId=first, HealthStatus="Unhealthy")

    assert cloud.describe()["Instances"][0]["HealthStatus"] == "Unhealthy"


@pytest.mark.parametrize(("process", "before", "after"), [("Launch", 0, 2), ("Terminate", 2, 0)])
def test_a_suspended_process_does_nothing_until_it_is_resumed(
    cloud: Cloud, process: str, before: int, after: int
) -> None:
    """as-suspend-resume-processes.html: Launch and Terminate stop growth and shrinking."""
    cloud.group(desired=before)
    cloud.advance(60)
    asg = cloud.client("autoscaling")
    asg.suspend_processes(AutoScalingGroupName="pool", ScalingProcesses=[process])
    cloud.desire(after)
    cloud.advance(120)
    assert len(cloud.members()) == before
    asg.resume_processes(AutoScalingGroupName="pool", ScalingProcesses=[process])
    cloud.advance(120)

    assert len(cloud.members()) == after


def test_termination_by_request_honours_the_minimum_and_the_decrement(cloud: Cloud) -> None:
    """API_TerminateInstanceInAutoScalingGroup.html: the decrement may not break the minimum."""
    cloud.group(desired=2, MinSize=1)
    cloud.advance(60)
    first, second = cloud.members()
    activity = cloud.terminate(first)
    assert activity["StatusCode"] == "InProgress"
    assert "shrinking the capacity from 2 to 1" in activity["Cause"]
    assert cloud.describe()["DesiredCapacity"] == 1

    with pytest.raises(ClientError, match="min size constraint"):
        cloud.terminate(second)
    cloud.terminate(second, decrement=False)
    cloud.advance(70)

    assert list(cloud.members().values()) == ["InService"]
    assert not {first, second} & set(cloud.members())
    with pytest.raises(ClientError, match="No managed instance found"):
        cloud.terminate("i-12345678")


def test_a_second_request_for_the_same_instance_does_not_count_twice(cloud: Cloud) -> None:
    """API_TerminateInstanceInAutoScalingGroup.html; our choice: the activity there is."""
    cloud.group(desired=3)
    cloud.hook()
    cloud.advance(60)
    first = next(iter(cloud.members()))
    one, two = cloud.terminate(first), cloud.terminate(first)

    assert one["ActivityId"] == two["ActivityId"]
    assert cloud.describe()["DesiredCapacity"] == 2


def test_activities_tell_why_and_how_they_ended_in_pages(cloud: Cloud) -> None:
    """ec2-auto-scaling-verify-scaling-activity.html: newest first, with cause and status."""
    cloud.group()
    cloud.desire(2)
    first = cloud.activities()
    assert [one["StatusCode"] for one in first] == ["PreInService", "PreInService"]
    cloud.advance(60)
    page = cloud.client("autoscaling").describe_scaling_activities(
        AutoScalingGroupName="pool", MaxRecords=1
    )

    (activity,) = page["Activities"]
    assert activity["StatusCode"] == "Successful"
    assert activity["Progress"] == 100
    assert (activity["EndTime"] - activity["StartTime"]).total_seconds() == 60
    assert "changing the desired capacity from 0 to 2" in activity["Cause"]
    assert activity["Description"].startswith("Launching a new EC2 instance: i-")
    assert page["NextToken"]


def test_a_group_with_instances_is_deleted_by_force_only_and_leaves_nothing(cloud: Cloud) -> None:
    """API_DeleteAutoScalingGroup.html: ForceDelete ends all instances and lifecycle actions."""
    cloud.group(desired=2, NewInstancesProtectedFromScaleIn=True)
    cloud.hook()
    cloud.advance(60)
    asg = cloud.client("autoscaling")
    with pytest.raises(ClientError, match="ResourceInUse"):
        asg.delete_auto_scaling_group(AutoScalingGroupName="pool")
    asg.delete_auto_scaling_group(AutoScalingGroupName="pool", ForceDelete=True)
    assert cloud.describe()["Status"] == "Delete in progress"
    cloud.advance(10)

    assert asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert asg.describe_lifecycle_hooks(AutoScalingGroupName="pool")["LifecycleHooks"] == []
    assert {one["State"]["Name"] for one in cloud.instances().values()} == {"terminated"}
    assert cloud.client("ec2").describe_volumes()["Volumes"] == []


def test_a_group_name_is_used_once(cloud: Cloud) -> None:
    """API_CreateAutoScalingGroup.html: AlreadyExists."""
    cloud.group()
    with pytest.raises(ClientError, match="AlreadyExists"):
        cloud.group()


def test_an_update_keeps_what_it_does_not_name(cloud: Cloud) -> None:
    """API_UpdateAutoScalingGroup.html: parameters that are not given stay unchanged."""
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {
                "LaunchTemplateId": cloud.template(),
                "Version": "$Latest",
            },
            "Overrides": [{"InstanceType": "m5.large"}, {"InstanceType": "m5a.large"}],
        },
        "InstancesDistribution": {"OnDemandBaseCapacity": 1},
    }
    cloud.group(MixedInstancesPolicy=policy)
    before = cloud.describe()["MixedInstancesPolicy"]
    cloud.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="pool",
        MaxSize=7,
        MaxInstanceLifetime=604800,
        TerminationPolicies=["NewestInstance"],
        DefaultCooldown=42,
    )

    after = cloud.describe()
    assert after["MixedInstancesPolicy"] == before
    assert "LaunchTemplate" not in after
    assert after["MaxInstanceLifetime"] == 604800
    assert after["TerminationPolicies"] == ["NewestInstance"]
    assert (after["MaxSize"], after["DefaultCooldown"]) == (7, 42)


def test_lowering_the_maximum_lowers_desired_capacity(cloud: Cloud) -> None:
    """API_UpdateAutoScalingGroup.html: a new MaxSize below the size sets desired capacity."""
    cloud.group(desired=4)
    cloud.advance(60)
    update = cloud.client("autoscaling").update_auto_scaling_group
    update(AutoScalingGroupName="pool", MaxSize=2)
    cloud.advance(20)

    assert cloud.describe()["DesiredCapacity"] == 2
    assert len(cloud.members()) == 2
    with pytest.raises(ClientError, match="must be between"):
        update(AutoScalingGroupName="pool", DesiredCapacity=3)


def test_honor_cooldown_refuses_a_change_soon_after_an_activity(cloud: Cloud) -> None:
    """ec2-auto-scaling-scaling-cooldowns.html: SetDesiredCapacity may honour the cooldown."""
    cloud.group(desired=1, DefaultCooldown=120)
    cloud.advance(60)
    change = cloud.client("autoscaling").set_desired_capacity
    with pytest.raises(ClientError, match="ScalingActivityInProgress"):
        change(AutoScalingGroupName="pool", DesiredCapacity=2, HonorCooldown=True)
    cloud.advance(121)
    change(AutoScalingGroupName="pool", DesiredCapacity=2, HonorCooldown=True)

    assert cloud.describe()["DesiredCapacity"] == 2


def test_a_detached_instance_lives_on_outside_and_is_replaced(cloud: Cloud) -> None:
    """ec2-auto-scaling-detach-attach-instances.html: without decrement a new one comes."""
    cloud.group(desired=1)
    cloud.advance(60)
    (first,) = cloud.members()
    cloud.client("autoscaling").detach_instances(
        AutoScalingGroupName="pool", InstanceIds=[first], ShouldDecrementDesiredCapacity=False
    )
    cloud.advance(60)

    assert first not in cloud.members()
    assert list(cloud.members().values()) == ["InService"]
    assert cloud.instances()[first]["State"]["Name"] == "running"


def test_an_attached_instance_is_in_service_and_may_be_scaled_in(cloud: Cloud) -> None:
    """ec2-auto-scaling-detach-attach-instances.html: desired capacity grows by it."""
    cloud.group()
    answer = cloud.client("ec2").run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=cloud.subnets()[0]
    )
    instance = answer["Instances"][0]["InstanceId"]
    cloud.advance(60)
    cloud.client("autoscaling").attach_instances(
        AutoScalingGroupName="pool", InstanceIds=[instance]
    )
    assert cloud.members() == {instance: "InService"}
    assert cloud.describe()["DesiredCapacity"] == 1
    cloud.desire(0)
    cloud.advance(20)

    assert cloud.members() == {}


def test_an_instance_in_standby_does_not_count(cloud: Cloud) -> None:
    """as-enter-exit-standby.html: with the decrement nothing replaces it."""
    cloud.group(desired=2)
    cloud.advance(60)
    first, second = cloud.members()
    asg = cloud.client("autoscaling")
    asg.enter_standby(
        AutoScalingGroupName="pool", InstanceIds=[first], ShouldDecrementDesiredCapacity=True
    )
    cloud.advance(60)
    assert cloud.members() == {first: "Standby", second: "InService"}
    asg.exit_standby(AutoScalingGroupName="pool", InstanceIds=[first])
    cloud.advance(60)

    assert cloud.members() == {first: "InService", second: "InService"}
    assert cloud.describe()["DesiredCapacity"] == 2


def test_a_group_that_is_not_there_is_refused_by_every_request(cloud: Cloud) -> None:
    """API_SuspendProcesses.html and others: ValidationError, name not found."""
    asg = cloud.client("autoscaling")
    with pytest.raises(ClientError, match="AutoScalingGroup name not found"):
        asg.suspend_processes(AutoScalingGroupName="none", ScalingProcesses=["Launch"])
    with pytest.raises(ClientError, match="AutoScalingGroup name not found"):
        asg.set_desired_capacity(AutoScalingGroupName="none", DesiredCapacity=1)


def test_a_launch_that_cannot_work_fails_and_the_engine_goes_on(cloud: Cloud) -> None:
    """ts-as-ami.html: the image does not exist, a Failed activity."""
    cloud.template(ImageId="ami-00000000")
    cloud.group(desired=1)
    cloud.advance(30)

    (activity,) = cloud.activities()
    assert activity["StatusCode"] == "Failed"
    assert "does not exist" in activity["StatusMessage"]
