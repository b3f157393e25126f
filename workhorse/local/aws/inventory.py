"""Find and list what exists in moto, over all accounts and regions."""

from collections.abc import Iterator
from typing import cast

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import Instance

from workhorse.local.aws.ec2_life import life_of
from workhorse.local.aws.engine import Engine
from workhorse.local.aws.members import membership_of


def ec2() -> Iterator[EC2Backend]:
    """Every EC2 backend that was used."""
    for _account, _region, backend in list(ec2_backends.iter_backends()):
        yield cast("EC2Backend", backend)


def instances() -> list[Instance]:
    """Every instance that EC2 still shows, terminated ones too."""
    return [
        instance
        for backend in ec2()
        for reservation in list(backend.reservations.values())
        for instance in list(reservation.instances)
    ]


def find_instance(instance_id: str) -> Instance | None:
    """The instance with this id in any account and region."""
    for backend in ec2():
        found = backend.get_instance_by_id(instance_id)
        if found is not None:
            return found
    return None


def state(engine: Engine) -> dict[str, object]:
    """Instances, volumes and groups as plain JSON, for leak checks."""
    return {
        "now": engine.clock.now(),
        "clock": str(engine.clock),
        "errors": list(engine.errors),
        "instances": [_instance(one) for one in instances()],
        "volumes": [
            {
                "id": volume.id,
                "status": volume.status,
                "zone": volume.zone.name,
                "instance": volume.attachment.instance.id if volume.attachment else None,
            }
            for backend in ec2()
            for volume in list(backend.volumes.values())
        ],
        "groups": [
            {
                "name": group.name,
                "min": group.min_size,
                "max": group.max_size,
                "desired": group.desired_capacity,
                "members": {
                    member.instance_id: {
                        "state": member.lifecycle_state,
                        "health": member.health_status,
                        "protected": bool(member.protected_from_scale_in),
                        "in_service_at": membership_of(member).in_service_at,
                        "waits": [
                            wait.hook for wait in membership_of(member).waits if wait.result is None
                        ],
                    }
                    for member in list(group.instance_states)
                },
            }
            for group in engine.groups()
        ],
    }


def _instance(instance: Instance) -> dict[str, object]:
    life = life_of(instance)
    group = instance.__dict__.get("autoscaling_group")
    return {
        "id": instance.id,
        "state": instance.state,
        "type": instance.instance_type,
        "zone": instance.placement.zone,
        "image": instance.image_id,
        "market": instance.lifecycle or "on-demand",
        "group": group.name if group else None,
        "launched": life.launched,
        "ended": life.ended,
        "cause": life.cause,
        "template": life.template,
    }
