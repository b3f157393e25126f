"""Spot interruptions and rebalance recommendations, on demand.

A warning comes two minutes before the end, in EventBridge and in the metadata service; a
rebalance recommendation is only a hint.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-interruptions.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
"""

from moto.ec2.models.instances import Instance

from workhorse.local.aws.ec2_life import Cause, end, instance_arn, life_of
from workhorse.local.aws.engine import Engine
from workhorse.local.aws.imds import INTERRUPTION_NOTICE
from workhorse.local.aws.messages import Event, interruption_warning, rebalance_recommendation
from workhorse.local.aws.sending import emit


class NotSpotError(ValueError):
    """The instance is not a running spot instance."""


class Spot:
    """The part that takes warned spot instances away when their time is up."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.warned: dict[str, Instance] = {}

    def next_due(self) -> float | None:
        """When the next warned instance ends."""
        ends = (life_of(one).interruption_at for one in self.warned.values())
        return min((at for at in ends if at is not None), default=None)

    def tick(self, now: float) -> None:
        """End the instances whose two minutes are over."""
        for instance in list(self.warned.values()):
            at = life_of(instance).interruption_at
            if at is not None and now >= at:
                del self.warned[instance.id]
                end(instance, Cause.SPOT)

    def interrupt(self, instance: Instance, now: float) -> float:
        """Warn an instance; gives the virtual epoch second of its end."""
        self._check(instance)
        life = life_of(instance)
        if life.interruption_at is None:
            life.interruption_at = now + INTERRUPTION_NOTICE
            self.warned[instance.id] = instance
            arn = instance_arn(instance)
            self._send(instance, "spot.warned", interruption_warning(arn, instance.id), now)
        return life.interruption_at

    def recommend(self, instance: Instance, now: float) -> None:
        """Recommend to replace an instance before EC2 may take it."""
        self._check(instance)
        life_of(instance).rebalance_at = now
        arn = instance_arn(instance)
        self._send(instance, "spot.rebalance", rebalance_recommendation(arn, instance.id), now)

    def _check(self, instance: Instance) -> None:
        if instance.lifecycle != "spot" or instance.state != "running":
            market = instance.lifecycle or "on-demand"
            raise NotSpotError(f"{instance.id} is {market} and {instance.state}")

    def _send(self, instance: Instance, kind: str, event: Event, now: float) -> None:
        self.engine.record(kind, now, instance=instance.id)
        account, region = instance.owner_id, instance.ec2_backend.region_name
        emit(event, account=account, region=region, now=now)
