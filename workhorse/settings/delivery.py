"""The sections of what is delivered and how: the store, the bake, the delivery, the chat."""

from typing import Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, ValidationInfo, field_validator

from workhorse.settings.faults import SecretError
from workhorse.settings.sections import Section


class StoreSettings(Section):
    """Where images and rollouts are remembered."""

    prefix: str = Field(default="", pattern=r"^(/[A-Za-z0-9_.-]+){0,5}$")
    """Path of the SSM parameters that hold image channels and rollouts; empty for none of both."""

    @field_validator("prefix")
    @classmethod
    def _not_theirs(cls, value: str) -> str:
        if value.split("/")[1:2] and value.split("/")[1].lower().startswith(("aws", "ssm")):
            raise ValueError("must not begin with aws or ssm, which AWS keeps for itself")
        return value


class BakeSettings(Section):
    """What `bake` starts from; relative paths are from where it is called."""

    template: str = Field(default="packer", min_length=1)
    """Folder of the Packer template."""
    puppet: str = Field(default="puppet", min_length=1)
    """Folder of the Puppet code and its data."""
    agent: str = Field(default="scripts/agent", min_length=1)
    """Folder of the programs that an agent's image holds."""
    packer: str = Field(default="packer", min_length=1)
    """Packer on PATH or its path: 1.11 or newer, or Debian's 1.6.6."""
    os: Literal["debian-12", "ubuntu-24.04"] = "debian-12"
    """System of the source image."""
    instance_type: str = Field(default="m6i.large", pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")
    """What the bake runs on."""
    spot: StrictBool = False
    """Bake on a spot instance, for at most the price on demand."""
    variables_file: str = ""
    """JSON file with more of the template's variables, as its subnet or key; empty for none."""
    limit_seconds: StrictFloat = Field(default=3600, gt=0)
    """How long a bake may take before it is interrupted and cleaned up."""


class DeliverySettings(Section):
    """What `plan` and `apply` work on."""

    directory: str = ""
    """Folder of the Terraform root module that `plan` plans; empty where nothing is delivered."""
    plans: str = ""
    """Folder for plan files, which hold secrets, and for who approved them; ours alone to read."""
    variables_file: str = ""
    """File with the root's variables, as -var-file; empty for none."""
    backend_file: str = ""
    """File with the rest of the root's backend block, as -backend-config; empty for none."""
    images_variable: str = Field(default="images", pattern="^([A-Za-z_][A-Za-z0-9_-]*)?$")
    """Variable of the root that takes the image ids, pool -> AMI; empty to pass none."""
    terraform: str = Field(default="terraform", min_length=1)
    """Terraform on PATH or its path, for example tofu."""
    cli_config: str = ""
    """Terraform's own settings file, for mirrors and credentials; empty for none."""
    tools: str = ".tools"
    """Folder for what is fetched where Terraform is not on PATH."""
    mirror: StrictBool = False
    """Use the AWS provider 3.39.0 that is kept in `tools`, in place of the Terraform registry."""
    limit_seconds: StrictFloat = Field(default=3600, gt=0)
    """How long one Terraform command may take before it is interrupted."""
    lock_seconds: StrictFloat = Field(default=60, ge=0)
    """How long to wait for the state's lock."""
    approvals: StrictInt = Field(default=1, ge=1)
    """How many people must approve a plan."""
    four_eyes: StrictBool = False
    """Somebody other than the author of the plan must be among those who approve it."""
    approval_hours: StrictFloat = Field(default=24, gt=0)
    """How long an approval holds."""
    keep_days: StrictFloat = Field(default=14, gt=0)
    """After how many days a plan that nobody applied is thrown away; its record stays."""


class ChatSettings(Section):
    """Who is asked to acknowledge a plan, and told of its end; one of the three keys, or none."""

    urls_file: str = ""
    """File with the URLs of the chats, one a line, in apprise's form."""
    urls_parameter: str = ""
    """SSM parameter (SecureString) with the URLs."""
    urls_secret: str = ""
    """Secrets Manager secret with the URLs."""

    @field_validator("urls_file", "urls_parameter", "urls_secret")
    @classmethod
    def _no_url(cls, value: str) -> str:
        if "://" in value:
            raise SecretError("must name the URLs' place, and is a URL itself")
        return value

    @field_validator("urls_secret")
    @classmethod
    def _at_most_one(cls, value: str, info: ValidationInfo) -> str:
        keys = ("urls_file", "urls_parameter")
        given = [key for key in keys if info.data.get(key)] + ["urls_secret"] * bool(value)
        if len(given) > 1:
            rule = "at most one of urls_file, urls_parameter, urls_secret is allowed"
            raise ValueError(f"{rule}, not {' and '.join(given)}")
        return value
