"""What a group launches from: a launch template version, alone or in a mixed instances policy.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-templates.html
"""

from collections.abc import Mapping
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import FakeAutoScalingGroup
from moto.core.exceptions import ServiceException
from moto.ec2.models.launch_templates import LaunchTemplateVersion

Source = Mapping[str, Any]
"""`LaunchTemplate` or `MixedInstancesPolicy`, as requests have them."""


def specification(source: Source) -> Mapping[str, Any]:
    """The LaunchTemplateSpecification of a source, empty without one."""
    mixed = source.get("MixedInstancesPolicy") or {}
    inner = (mixed.get("LaunchTemplate") or {}).get("LaunchTemplateSpecification")
    return inner or source.get("LaunchTemplate") or {}


def version_of(ec2: Any, source: Source) -> LaunchTemplateVersion | None:  # noqa: ANN401 (EC2Backend)
    """The template version of a source, None without one.

    Raises ValidationError in AWS' words when there is no such template or version.
    """
    told = specification(source)
    if not told:
        return None
    number = told.get("Version") or "$Default"
    try:
        template = (
            ec2.get_launch_template(told["LaunchTemplateId"])
            if told.get("LaunchTemplateId")
            else ec2.get_launch_template_by_name(told.get("LaunchTemplateName"))
        )
    except ServiceException as error:
        raise ValidationError(_refusal(error.message)) from error
    if str(number).isdecimal() and not 1 <= int(number) <= len(template.versions):
        raise ValidationError(
            _refusal(
                f"Could not find the specified version {number} for the launch template with ID "
                f"{template.id}."
            )
        )
    found: LaunchTemplateVersion = template.get_version(number)
    return found


def take_source(group: FakeAutoScalingGroup, source: Source) -> None:
    """Have the group launch from a source that was checked before.

    What a mixed instances policy does not say about its split stays as it was.
    """
    template, mixed = source.get("LaunchTemplate"), source.get("MixedInstancesPolicy")
    config = source.get("LaunchConfigurationName")
    if mixed:
        old = group.mixed_instances_policy or {}
        mixed = {
            "LaunchTemplate": mixed.get("LaunchTemplate") or old.get("LaunchTemplate"),
            "InstancesDistribution": {
                **(old.get("InstancesDistribution") or {}),
                **(mixed.get("InstancesDistribution") or {}),
            },
        }
        group.mixed_instances_policy = mixed
    elif template or config:
        group.mixed_instances_policy = None
    if config:
        group.ec2_launch_template = None
    if template or config or mixed:
        group._set_launch_configuration(config, template, mixed)  # type: ignore[arg-type]  # noqa: SLF001 (moto has no setter)


def _refusal(why: str) -> str:
    return f"You must use a valid fully-formed launch template. {why}"
