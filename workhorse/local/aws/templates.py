"""Corrections to launch templates that scale-out and real Terraform need.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html
"""

import copy
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.utils import parse_user_data

from workhorse.local.aws.patching import original


def create_launch_template(self: LaunchTemplates) -> ActionResult:
    """CreateLaunchTemplate: the template's own tags stay out of its data.

    moto copies them into LaunchTemplateData, and Terraform plans a change for ever.
    """
    result: ActionResult = original(LaunchTemplates, "create_launch_template")(self)
    backend: Any = self.ec2_backend
    answer = cast("dict[str, Any]", result.result)
    template = backend.get_launch_template(answer["LaunchTemplate"]["LaunchTemplateId"])
    data = template.versions[0].data
    kept = [
        spec
        for spec in data.get("TagSpecifications", [])
        if spec["ResourceType"] != "launch-template"
    ]
    data.pop("TagSpecifications", None)
    if kept:
        data["TagSpecifications"] = kept
    return result


def create_version(self: LaunchTemplate, data: dict[str, Any], description: str) -> Any:  # noqa: ANN401 (moto's own signature)
    """LaunchTemplate.create_version: user data in the form that launches expect.

    moto parses it for the first version only; launches from later ones fail.
    """
    text = data.get("UserData")
    if not isinstance(text, Base64EncodedString):
        data = {**data, "UserData": parse_user_data(text)}
    return original(LaunchTemplate, "create_version")(self, data, description)


def create_launch_template_version(self: LaunchTemplates) -> ActionResult:
    """CreateLaunchTemplateVersion: what is not given comes from SourceVersion."""
    source = self._get_param("SourceVersion")
    if source:
        backend: Any = self.ec2_backend
        name, template_id = (
            self._get_param("LaunchTemplateName"),
            self._get_param("LaunchTemplateId"),
        )
        template = (
            backend.get_launch_template(template_id)
            if template_id
            else backend.get_launch_template_by_name(name)
        )
        base = copy.deepcopy(template.get_version(source).data)
        self.params["LaunchTemplateData"] = {**base, **self._get_param("LaunchTemplateData", {})}
    result: ActionResult = original(LaunchTemplates, "create_launch_template_version")(self)
    return result


VERSIONS_PAGE = 200
"""DescribeLaunchTemplateVersions' MaxResults at most.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html
"""


def describe_launch_template_versions(self: LaunchTemplates) -> ActionResult:
    """DescribeLaunchTemplateVersions: newest first, in pages.

    moto shows the first fifteen versions and says nothing of others.
    """
    token, most = self._get_param("NextToken"), self._get_int_param("MaxResults", VERSIONS_PAGE)
    self.params.pop("NextToken", None)
    self.params["MaxResults"] = 10**9
    result: ActionResult = original(LaunchTemplates, "describe_launch_template_versions")(self)
    found = cast("dict[str, Any]", result.result)["LaunchTemplateVersions"]
    ordered = sorted(found, key=lambda one: int(one["VersionNumber"]), reverse=True)
    start, size = int(token or 0), min(most, VERSIONS_PAGE)
    page: dict[str, Any] = {"LaunchTemplateVersions": ordered[start : start + size]}
    if start + size < len(ordered):
        page["NextToken"] = str(start + size)
    return ActionResult(page)
