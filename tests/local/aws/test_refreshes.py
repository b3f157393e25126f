"""Instance refreshes are performed as AWS performs them.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html unless a test
says so; preferences are those of
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html .
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import Cloud

EAGER = {"InstanceWarmup": 0, "MinHealthyPercentage": 0}
"""All at once, and nothing warms up."""


def second_version(cloud: Cloud, desired: int = 2) -> None:
    """The group "pool" with that many instances of version 1, and a version 2 beside it."""
    cloud.template()
    cloud.group(desired=desired, LaunchTemplate=version(1))
    cloud.advance(60)
    cloud.client("ec2").create_launch_template_version(
        LaunchTemplateName="agents",
        SourceVersion="1",
        LaunchTemplateData={"InstanceType": "c5.large"},
    )


def version(number: int) -> dict[str, str]:
    return {"LaunchTemplateName": "agents", "Version": str(number)}


def start(cloud: Cloud, number: int | None = 2, **preferences: object) -> None:
    """StartInstanceRefresh of "pool" to a version of its template."""
    more: dict[str, Any] = {"Preferences": preferences}
    if number is not None:
        more["DesiredConfiguration"] = {"LaunchTemplate": version(number)}
    cloud.client("autoscaling").start_instance_refresh(AutoScalingGroupName="pool", **more)


def newest(cloud: Cloud) -> dict[str, Any]:
    """The newest refresh of "pool"."""
    told = cloud.client("autoscaling").describe_instance_refreshes(AutoScalingGroupName="pool")
    found: dict[str, Any] = told["InstanceRefreshes"][0]
    return found


def versions(cloud: Cloud) -> dict[str, str]:
    """Template version by instance of "pool", of those that stay."""
    return {
        one["InstanceId"]: one["LaunchTemplate"]["Version"]
        for one in cloud.describe()["Instances"]
        if not one["LifecycleState"].startswith("Terminating")
    }


def leaving(cloud: Cloud) -> list[str]:
    return [one for one, state in cloud.members().items() if state.startswith("Terminating")]


def test_a_refresh_is_pending_then_in_progress_then_successful(cloud: Cloud) -> None:
    """APIReference/API_InstanceRefresh.html: the states, and what is left to update."""
    second_version(cloud)
    start(cloud, **EAGER)
    assert (newest(cloud)["Status"], newest(cloud)["PercentageComplete"]) == ("Pending", 0)
    cloud.advance(1)
    assert (newest(cloud)["Status"], newest(cloud)["InstancesToUpdate"]) == ("InProgress", 2)
    cloud.advance(120)
    done = newest(cloud)
    assert (done["Status"], done["PercentageComplete"], done["InstancesToUpdate"]) == (
        *("Successful", 100),
        0,
    )
    assert done["EndTime"] > done["StartTime"]
    assert list(versions(cloud).values()) == ["2", "2"]


def test_the_desired_configuration_becomes_the_groups_own_when_it_succeeded(cloud: Cloud) -> None:
    """UserGuide: the group is updated after a successful refresh, and not before."""
    second_version(cloud)
    start(cloud, **EAGER)
    cloud.advance(5)
    assert cloud.describe()["LaunchTemplate"]["Version"] == "1"
    cloud.advance(120)
    assert newest(cloud)["Status"] == "Successful"
    assert cloud.describe()["LaunchTemplate"]["Version"] == "2"


def test_a_mixed_instances_policy_is_a_desired_configuration_too(cloud: Cloud) -> None:
    """APIReference/API_DesiredConfiguration.html ."""
    second_version(cloud, desired=0)

    def policy(number: int) -> dict[str, object]:
        overrides = [{"InstanceType": "m5.large"}, {"InstanceType": "m5a.large"}]
        template = {"LaunchTemplateSpecification": version(number), "Overrides": overrides}
        return {"LaunchTemplate": template}

    autoscaling = cloud.client("autoscaling")
    autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="pool", MixedInstancesPolicy=policy(1), DesiredCapacity=1
    )
    cloud.advance(60)
    autoscaling.start_instance_refresh(
        AutoScalingGroupName="pool",
        DesiredConfiguration={"MixedInstancesPolicy": policy(2)},
        Preferences=EAGER,
    )
    cloud.advance(120)
    told = cloud.describe()["MixedInstancesPolicy"]["LaunchTemplate"]
    assert told["LaunchTemplateSpecification"]["Version"] == "2"
    assert [one["InstanceType"] for one in told["Overrides"]] == ["m5.large", "m5a.large"]
    assert list(versions(cloud).values()) == ["2"]


@pytest.mark.parametrize(("percent", "at_once"), [(100, 1), (90, 1), (75, 1), (50, 2), (0, 4)])
def test_only_so_many_leave_that_the_minimum_stays_healthy(
    cloud: Cloud, percent: int, at_once: int
) -> None:
    """MinHealthyPercentage, of the desired capacity; one is replaced whatever it says."""
    second_version(cloud, desired=4)
    cloud.hook()
    start(cloud, MinHealthyPercentage=percent, InstanceWarmup=0)
    cloud.advance(200)
    assert len(leaving(cloud)) == at_once


def test_each_replaced_instance_goes_through_the_termination_hook(cloud: Cloud) -> None:
    """UserGuide/lifecycle-hooks.html: also when a refresh takes it out of service."""
    second_version(cloud, desired=1)
    (old,) = cloud.members()
    cloud.hook()
    start(cloud, **EAGER)
    cloud.advance(100)
    assert cloud.members()[old] == "Terminating:Wait"
    assert newest(cloud)["Status"] == "InProgress"
    cloud.complete(old)
    cloud.advance(20)
    assert newest(cloud)["Status"] == "Successful"
    causes = [one["Cause"] for one in cloud.activities() if old in one["Description"]]
    assert "in response to an instance refresh" in causes[0]


def test_the_next_is_replaced_when_the_new_one_has_warmed_up(cloud: Cloud) -> None:
    """InstanceWarmup counts from InService; without it the health check's grace period does."""
    second_version(cloud)
    start(cloud, MinHealthyPercentage=50, InstanceWarmup=200)
    cloud.advance(150)
    assert sorted(versions(cloud).values()) == ["1", "2"]
    assert newest(cloud)["PercentageComplete"] == 0
    cloud.advance(120)
    assert newest(cloud)["PercentageComplete"] == 50
    cloud.advance(300)
    assert newest(cloud)["Status"] == "Successful"


def test_matching_instances_are_skipped_only_when_asked(cloud: Cloud) -> None:
    """SkipMatching: those of the desired configuration stay; the default is false."""
    second_version(cloud, desired=1)
    (only,) = cloud.members()
    start(cloud, 1, SkipMatching=True, **EAGER)
    cloud.advance(5)
    assert newest(cloud)["Status"] == "Successful"
    assert list(cloud.members()) == [only]
    start(cloud, None, **EAGER)
    cloud.advance(120)
    assert newest(cloud)["Status"] == "Successful"
    assert only not in cloud.members()


def protect(cloud: Cloud, *, on: bool = True) -> str:
    """Protect the first instance of "pool" from scale-in, or do so no more."""
    first = min(cloud.members())
    cloud.client("autoscaling").set_instance_protection(
        AutoScalingGroupName="pool", InstanceIds=[first], ProtectedFromScaleIn=on
    )
    return first


def test_protected_instances_are_passed_over_when_told_to_ignore_them(cloud: Cloud) -> None:
    """ScaleInProtectedInstances Ignore: the others are replaced, and it succeeds."""
    second_version(cloud)
    held = protect(cloud)
    start(cloud, ScaleInProtectedInstances="Ignore", **EAGER)
    cloud.advance(120)
    assert newest(cloud)["Status"] == "Successful"
    assert sorted(versions(cloud).values()) == ["1", "2"]
    assert versions(cloud)[held] == "1"


def test_protected_instances_are_replaced_when_told_to_refresh_them(cloud: Cloud) -> None:
    """ScaleInProtectedInstances Refresh."""
    second_version(cloud)
    protect(cloud)
    start(cloud, ScaleInProtectedInstances="Refresh", **EAGER)
    cloud.advance(120)
    assert newest(cloud)["Status"] == "Successful"
    assert list(versions(cloud).values()) == ["2", "2"]


def test_protected_instances_are_waited_for_by_default_and_an_hour_at_most(cloud: Cloud) -> None:
    """ScaleInProtectedInstances Wait: it goes on when the protection is off, or fails."""
    second_version(cloud, desired=1)
    protect(cloud)
    start(cloud, **EAGER)
    cloud.advance(3000)
    assert newest(cloud)["Status"] == "InProgress"
    cloud.advance(700)
    assert (newest(cloud)["Status"], newest(cloud)["PercentageComplete"]) == ("Failed", 0)
    start(cloud, **EAGER)
    cloud.advance(100)
    protect(cloud, on=False)
    cloud.advance(120)
    assert newest(cloud)["Status"] == "Successful"


def test_a_cancelled_refresh_keeps_what_it_replaced_and_replaces_no_more(cloud: Cloud) -> None:
    """UserGuide/cancel-instance-refresh.html: Cancelling, then Cancelled; nothing is undone."""
    second_version(cloud)
    start(cloud, MinHealthyPercentage=50, InstanceWarmup=600)
    cloud.advance(100)
    autoscaling = cloud.client("autoscaling")
    autoscaling.cancel_instance_refresh(AutoScalingGroupName="pool")
    assert newest(cloud)["Status"] == "Cancelling"
    cloud.advance(700)
    assert newest(cloud)["Status"] == "Cancelled"
    assert sorted(versions(cloud).values()) == ["1", "2"]
    assert cloud.describe()["LaunchTemplate"]["Version"] == "1"
    with pytest.raises(ClientError, match="ActiveInstanceRefreshNotFound"):
        autoscaling.cancel_instance_refresh(AutoScalingGroupName="pool")


@pytest.mark.parametrize(("waits", "status"), [(True, "Cancelling"), (False, "Cancelled")])
def test_a_cancellation_waits_for_what_moves_unless_told_not_to(
    cloud: Cloud, *, waits: bool, status: str
) -> None:
    """APIReference/API_CancelInstanceRefresh.html: WaitForTransitioningInstances."""
    second_version(cloud, desired=1)
    cloud.hook()
    start(cloud, **EAGER)
    cloud.advance(100)
    cloud.client("autoscaling").cancel_instance_refresh(
        AutoScalingGroupName="pool", WaitForTransitioningInstances=waits
    )
    cloud.advance(5)
    assert newest(cloud)["Status"] == status
    assert len(leaving(cloud)) == 1


def test_one_refresh_at_a_time(cloud: Cloud) -> None:
    """APIReference/API_StartInstanceRefresh.html: InstanceRefreshInProgress."""
    second_version(cloud)
    start(cloud)
    with pytest.raises(ClientError, match="InstanceRefreshInProgress"):
        start(cloud)


def test_the_groups_template_is_not_to_be_changed_while_a_refresh_has_one_in_mind(
    cloud: Cloud,
) -> None:
    """The API's own words; sizes may be changed, and what is new is of the desired version."""
    second_version(cloud, desired=1)
    cloud.hook()
    start(cloud)
    autoscaling = cloud.client("autoscaling")
    with pytest.raises(ClientError, match="active instance refresh with a desired configuration"):
        autoscaling.update_auto_scaling_group(
            AutoScalingGroupName="pool", LaunchTemplate=version(1)
        )
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="pool", DesiredCapacity=2)
    assert "2" in versions(cloud).values()


def test_what_is_not_emulated_is_refused_and_not_passed_over(cloud: Cloud) -> None:
    second_version(cloud)
    for preferences in ({"AutoRollback": True}, {"MaxHealthyPercentage": 110}):
        with pytest.raises(ClientError, match="is not emulated"):
            start(cloud, **preferences)
    with pytest.raises(ClientError, match="ScaleInProtectedInstances must be one of"):
        start(cloud, ScaleInProtectedInstances="Perhaps")
    with pytest.raises(ClientError, match="Could not find the specified version 9"):
        start(cloud, 9)


def test_a_refresh_of_an_empty_group_is_done_at_once(cloud: Cloud) -> None:
    second_version(cloud, desired=0)
    start(cloud)
    cloud.advance(5)
    assert newest(cloud)["Status"] == "Successful"
    assert cloud.describe()["LaunchTemplate"]["Version"] == "2"
