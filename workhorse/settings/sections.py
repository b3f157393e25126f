"""The sections of the settings file, but for the pools."""

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationInfo,
    field_validator,
)

from workhorse.core.addresses import bears_credentials, url_fault
from workhorse.settings.faults import SecretError

_FLOAT = re.compile(r"[0-9]{1,12}(\.[0-9]*)?")
_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TOKEN = re.compile(r"(11)?[0-9a-f]{32}")
"""An API token of Jenkins, of today's form or from before 2.129."""


def _with_a_port(value: str) -> str:
    if value and not _HOST.fullmatch(value.rpartition(":")[0]):
        raise ValueError("must begin with the name of a host, or its address")
    if value and int(value.rpartition(":")[2]) > LAST_PORT:
        raise ValueError(f"must have a port of at most {LAST_PORT}")
    return value


LAST_PORT = 65_535
Place = Annotated[
    StrictStr, Field(pattern=r"^([^:\s]+:[0-9]{1,5})?$"), AfterValidator(_with_a_port)
]
"""A host and a port to listen on; empty for none."""


def _without_credentials(value: object) -> object:
    if isinstance(value, str) and bears_credentials(value):
        raise SecretError("must hold no user and no password: it is told")
    return value


def _of_a_server(value: str) -> str:
    if fault := url_fault(value):
        raise ValueError(fault)
    return value


Address = Annotated[str, BeforeValidator(_without_credentials), AfterValidator(_of_a_server)]
"""The URL of a server; each key says by its pattern whether it may be empty."""

MOST = 1_000_000_000
"""The largest number that a key takes: as seconds 31 years, and well within what a calendar and
the timers of Python can tell."""


class Section(BaseModel):
    """A table of the file; the docstring under each key is its meaning in the reference."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        validate_default=True,
        allow_inf_nan=False,  # `stale_seconds = inf` would believe any reading.
    )

    @field_validator("*")
    @classmethod
    def _within_reason(cls, value: object) -> object:
        """No path, name or header takes a control character, and no timer every number."""
        if isinstance(value, str) and _CONTROL.search(value):
            raise ValueError("must have no control character")
        if isinstance(value, (int, float)) and value > MOST:
            raise ValueError(f"must be at most {MOST}")
        return value


class JenkinsSettings(Section):
    """Where Jenkins is, and who we are there; one of the three `token_` keys is required."""

    url: Address = Field(pattern="^https?://[^/?#]+(/[^?#]*)?$")
    """Jenkins' root URL, with its context path."""
    user: str = Field(min_length=1)
    """The user whose API token we use."""
    token_file: str = ""
    """File that holds the API token."""
    token_parameter: str = ""
    """SSM parameter (SecureString) that holds the API token."""
    token_secret: str = ""
    """Secrets Manager secret that holds the API token."""
    script_console: StrictBool = False
    """Ask the script console for the labels that pipelines wait for; needs Overall/Administer."""
    expect_jobs: StrictBool = True
    """Believe no token that sees no job: its queue looks empty; false where there are no jobs."""

    @field_validator("token_file", "token_parameter", "token_secret")
    @classmethod
    def _no_token(cls, value: str) -> str:
        if _TOKEN.fullmatch(value):
            raise SecretError("must name the token's place, and is a token itself")
        return value

    @field_validator("token_secret")
    @classmethod
    def _one_token(cls, value: str, info: ValidationInfo) -> str:
        keys = ("token_file", "token_parameter")
        given = [key for key in keys if info.data.get(key)] + ["token_secret"] * bool(value)
        if len(given) != 1:
            told = " and ".join(given) or "none"
            raise ValueError(
                f"exactly one of token_file, token_parameter, token_secret is required, not {told}"
            )
        return value


class AwsSettings(Section):
    """Where AWS is; credentials come from boto3's own chain."""

    region: str = Field(pattern="^[a-z]{2}(-[a-z]+)+-[0-9]+$")
    """The region of the groups and queues."""
    endpoint: Address = Field(default="", pattern="^(https?://.+)?$")
    """URL that serves every AWS API, for the embedded cloud; empty for AWS itself."""


class LoopSettings(Section):
    """How often, and how long."""

    tick_seconds: StrictFloat = Field(default=10, gt=0)
    """Between two ticks of the control loop."""
    glance_seconds: StrictFloat = Field(default=1, gt=0)
    """Between two looks at the queue's ids, which start a tick early when one is new."""
    drain_seconds: StrictFloat = Field(default=2, gt=0)
    """Between two looks for messages of hooks, spot warnings and rebalance recommendations."""
    publish_seconds: StrictFloat = Field(default=60, gt=0)
    """Between two publications of the meters."""
    orders_seconds: StrictFloat = Field(default=5, gt=0)
    """Between two looks for ordered rollouts, where `store.prefix` says where they are."""
    stale_seconds: StrictFloat = Field(default=30, gt=0)
    """How old a reading may be before it counts as none."""
    restart_grace_seconds: StrictFloat = Field(default=120, ge=0)
    """How long after a restart of Jenkins nothing is destroyed."""
    blind_step: StrictInt = Field(default=5, ge=0)
    """The most agents that may be added while Jenkins cannot be read."""
    default_pool: str = ""
    """Where pipeline bodies go whose label nobody tells; empty for nowhere."""
    clock: str = ""
    """ORIGIN:REAL0:SPEED, the virtual time of the embedded cloud; empty for the real time."""

    @field_validator("glance_seconds")
    @classmethod
    def _within_tick(cls, value: float, info: ValidationInfo) -> float:
        tick = info.data.get("tick_seconds", value)
        if value > tick:
            raise ValueError(f"must be at most tick_seconds ({tick:g})")
        return value

    @field_validator("stale_seconds")
    @classmethod
    def _outlives_tick(cls, value: float, info: ValidationInfo) -> float:
        tick = info.data.get("tick_seconds", value)
        if value < tick:
            raise ValueError(f"must be at least tick_seconds ({tick:g})")
        return value

    @field_validator("clock")
    @classmethod
    def _three_numbers(cls, value: str) -> str:
        numbers = [float(part) if _FLOAT.fullmatch(part) else -1.0 for part in value.split(":")]
        if value and (len(numbers) != len(("ORIGIN", "REAL0", "SPEED")) or min(numbers) <= 0):
            raise ValueError("must be ORIGIN:REAL0:SPEED, three numbers above 0")
        return value


class JournalSettings(Section):
    """Where decisions are recorded."""

    path: str = Field(min_length=1)
    """File of JSON lines; full ones are kept beside it as `.1`, `.2` and so on."""


class MetricsSettings(Section):
    """Where the meters go."""

    namespace: str = Field(default="workhorse", pattern=r"^[0-9A-Za-z.\-_/#:]{0,255}$")
    """CloudWatch namespace; empty to publish nothing there."""
    resolution_seconds: Literal[60, 10] = 60
    """CloudWatch resolution; 10 is stored at high resolution and costs the alarms more."""
    prometheus: Place = ""
    """host:port that Prometheus scrapes; empty for none."""

    @field_validator("namespace")
    @classmethod
    def _ours(cls, value: str) -> str:
        if value.startswith("AWS/"):
            raise ValueError("must not begin with AWS/, which AWS keeps for itself")
        return value
