"""The sections of what is delivered and how: the store, the bake, the delivery, the chat."""

from pydantic import Field

from workhorse.settings.sections import Section


class StoreSettings(Section):
    """Where images and rollouts are remembered."""

    prefix: str = Field(default="", pattern=r"^(/[A-Za-z0-9_.-]+){0,5}$")
    """Path of the SSM parameters that hold image channels and rollouts; empty for none of both."""


class BakeSettings(Section):
    """What `bake` starts from."""


class DeliverySettings(Section):
    """What `plan` and `apply` work on."""


class ChatSettings(Section):
    """Who is asked to acknowledge a plan, and told of rollouts."""
