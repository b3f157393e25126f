"""The agents in the settings: the gateway they register at, what they bring, when they go."""

from math import inf
from typing import Annotated

from pydantic import (
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationInfo,
    field_validator,
)

from workhorse.core.agents import AgentPolicy, Connection, Tier
from workhorse.core.ledger import LedgerPolicy
from workhorse.core.requeue import RequeuePolicy
from workhorse.settings.sections import Address, Place, Section

Positive = Annotated[StrictFloat, Field(ge=0)]


class AgentSettings(Section):
    """What the agents of this pool are, besides how many."""

    role: StrictStr = Field(default="", pattern=r"^[\w+=,.@-]{0,64}$")
    """Name of the instances' IAM role, whose proof of identity the gateway accepts."""
    directory: StrictStr = Field(default="/home/jenkins/agent", pattern=r"^(/[A-Za-z0-9._-]+)+$")
    """Remote root directory of the nodes."""
    connection: Connection = Connection.WEBSOCKET
    """How agents reach Jenkins: `websocket` or `tcp`."""
    executors_per_vcpu: Positive = 0
    """Executors for each vCPU of the instance; 0 for not by vCPUs."""
    executors_per_gib: Positive = 0
    """Executors for each GiB of memory; of both the fewer, and never fewer than `executors`."""
    idle_minutes: Positive = 0
    """How long an agent is idle before it asks to leave; 0 for never."""
    max_builds: StrictInt = Field(default=0, ge=0)
    """After so many builds an agent leaves; 0 for never."""
    max_image_days: Positive = 0
    """Agents of an older image leave; 0 for never."""
    tier: Tier = Tier.NONE
    """Trust tier of the cache volumes that agents claim: `trunk` or `pull-request`; empty: none."""
    prefer_warm_zone: StrictBool = False
    """Launch where a free warm volume lies."""

    def policy(self) -> AgentPolicy:
        """The numbers as the core knows them."""
        return AgentPolicy(**{key: getattr(self, key) for key in AgentSettings.model_fields})


class GatewaySettings(Section):
    """Where agents register and speak to the controller."""

    listen: Place = ""
    """host:port that the gateway listens on; empty for no gateway."""
    audience: StrictStr = Field(default="", pattern=r"^[A-Za-z0-9.:/_-]{0,255}$")
    """What agents sign for: a name of this gateway alone; required where it listens."""
    jenkins_url: Address = Field(default="", pattern="^(https?://[^/?#]+(/[^?#]*)?)?$")
    """Jenkins' URL as agents reach it; empty for that of the controller."""
    certificate: StrictStr = ""
    """File of the TLS certificate chain; empty for plain HTTP, behind something that has TLS."""
    key: StrictStr = ""
    """File of the certificate's key."""
    tokens_parameter: StrictStr = Field(default="", pattern="^(/.+)?$")
    """SSM parameter of the registration tokens, hashed; empty for none."""
    late: StrictStr = Field(default="", pattern=r"^((s3://|ssm:/)[^\s]+)?$")
    """Where late configuration lies, `s3://BUCKET/PREFIX` or `ssm:/PATH`; empty for none."""
    requests_per_second: StrictFloat = Field(default=50, gt=0)
    """The most requests that are worked on, with bursts of ten seconds' worth; more are put off."""
    requests_per_peer: StrictFloat = Field(default=5, gt=0)
    """The same for one address; it may have twice as many connections open, 8 at the least."""
    lease_seconds: StrictFloat = Field(default=900, ge=60)
    """How long an agent may speak to the gateway on one proof."""

    @field_validator("audience")
    @classmethod
    def _named(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("listen") and not value:
            raise ValueError("is required where gateway.listen is given")
        return value

    @field_validator("key")
    @classmethod
    def _both(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) != bool(info.data.get("certificate")):
            raise ValueError("must be given exactly where gateway.certificate is")
        return value


class RequeueSettings(Section):
    """Builds that were lost with their instance and are queued again."""

    marker: StrictStr = ""
    """A job opts in by this text in its description; empty: no build is ever queued again."""
    never: tuple[StrictStr, ...] = ("*deploy*", "*release*", "*publish*")
    """Names of jobs, as shell patterns without regard to case, that are never queued again."""

    def policy(self) -> RequeuePolicy:
        """The same as the core knows it."""
        return RequeuePolicy(marker=self.marker, never=self.never)


class LedgerSettings(Section):
    """What becomes of agents, nodes and volumes that do not agree."""

    act: StrictBool = True
    """Act on disagreements; false only counts and journals them."""
    margin_seconds: StrictFloat = Field(default=120, ge=30)
    """How long beyond the learned p99 boot an instance may be without an online node."""
    absent_hours: Positive = 24
    """How long a machine that came by a token is missed before its node goes; 0 for never."""

    def policy(self) -> LedgerPolicy:
        """What the ledger may do, as the core knows it."""
        return LedgerPolicy(
            act=self.act,
            margin_seconds=self.margin_seconds,
            absent_seconds=self.absent_hours * 3600 or inf,
        )
