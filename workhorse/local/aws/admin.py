"""The control panel of the embedded AWS, below /_local/: time, faults, spot, state, events.

Every body and answer is JSON. A wrong request is answered 400 with {"error": text}.
"""

from collections.abc import Callable, Mapping
from typing import Any

from workhorse.local.aws.engine import Engine
from workhorse.local.aws.faults import Broken, NoCapacity
from workhorse.local.aws.inventory import find_instance, state
from workhorse.local.aws.lifecycle import leave
from workhorse.local.aws.members import member_of
from workhorse.local.aws.resizing import groups_part
from workhorse.local.aws.spot import Spot

REBALANCE = (
    "instances were launched to balance instances in zones with other zones resulting in more than "
    "desired number of instances in the group; an instance was taken out of service in response."
)
"""The cause of an activity of the AZRebalance process."""

Body = Mapping[str, Any]
Result = dict[str, object]


class BadRequestError(ValueError):
    """The request names no route, or its body is not what the route needs."""


class Admin:
    """Answers requests; each method takes a JSON body and gives a JSON object."""

    def __init__(self, engine: Engine, spot: Spot) -> None:
        self.engine = engine
        self.spot = spot
        self.routes: dict[tuple[str, str], Callable[[Body], Result]] = {
            ("POST", "clock/advance"): self.advance,
            ("GET", "clock"): self.clock,
            ("POST", "spot/interrupt"): self.interrupt,
            ("POST", "spot/rebalance"): self.rebalance,
            ("POST", "groups/rebalance"): self.rebalance_zones,
            ("POST", "faults/capacity"): self.capacity,
            ("POST", "faults/throttle"): self.throttle,
            ("POST", "faults/error"): self.error,
            ("DELETE", "faults"): self.no_faults,
            ("GET", "state"): self.state,
            ("GET", "events"): self.events,
        }

    def answer(self, method: str, route: str, body: Body) -> Result:
        """Answer one request; raises BadRequestError. `route` is below /_local/."""
        action = self.routes.get((method, route.strip("/")))
        if action is None:
            raise BadRequestError(f"no {method} /_local/{route}; there are {sorted(self.routes)}")
        try:
            with self.engine.lock:
                return action(body)
        except KeyError as error:
            raise BadRequestError(f"{route} needs {error} in its body") from error
        except (TypeError, ValueError) as error:
            raise BadRequestError(str(error)) from error

    def advance(self, body: Body) -> Result:
        """{"seconds": virtual seconds to jump} -> the new time."""
        self.engine.advance(float(body["seconds"]))
        return self.clock({})

    def clock(self, _body: Body) -> Result:
        """The time and the spec that other processes may share."""
        return {"now": self.engine.clock.now(), "clock": str(self.engine.clock)}

    def interrupt(self, body: Body) -> Result:
        """{"instance": id of a spot instance} -> when it ends."""
        instance = self._instance(body)
        return {"ends_at": self.spot.interrupt(instance, self.engine.clock.now())}

    def rebalance(self, body: Body) -> Result:
        """{"instance": id of a spot instance}."""
        self.spot.recommend(self._instance(body), self.engine.clock.now())
        return {}

    def rebalance_zones(self, body: Body) -> Result:
        """{"instance": id of a member}: it leaves as if its zones were rebalanced.

        The replacement is launched at once; the group's terminating hooks run.
        """
        instance = self._instance(body)
        member = member_of(instance)
        if member is None:
            raise BadRequestError(f"{instance.id} is in no Auto Scaling group")
        now = self.engine.clock.now()
        activity = leave(member, REBALANCE, now)
        groups_part().reconcile(member.auto_scaling_group, now)
        return {"activity": activity.activity_id}

    def capacity(self, body: Body) -> Result:
        """{"instance_type"?, "zone"?, "market"?, "until"?}: such launches fail.

        `market` is "spot" or "on-demand", `until` virtual epoch seconds.
        """
        known = {"instance_type", "zone", "market", "until"}
        if set(body) - known:
            raise BadRequestError(f"unknown {sorted(set(body) - known)}; known {sorted(known)}")
        self.engine.faults.capacity.append(NoCapacity(**body))
        return {}

    def throttle(self, body: Body) -> Result:
        """{"action": AWS' name of it, "count": calls}: the next ones are throttled."""
        fault = Broken(action=str(body["action"]), count=int(body["count"]))
        self.engine.faults.broken.append(fault)
        return {}

    def error(self, body: Body) -> Result:
        """{"action", "count", "status"}: the next calls answer with this HTTP status."""
        fault = Broken(
            action=str(body["action"]), count=int(body["count"]), status=int(body["status"])
        )
        self.engine.faults.broken.append(fault)
        return {}

    def no_faults(self, _body: Body) -> Result:
        """End every fault."""
        self.engine.faults.clear()
        return {}

    def state(self, _body: Body) -> Result:
        """Instances, volumes and groups."""
        return state(self.engine)

    def events(self, body: Body) -> Result:
        """What happened after the event number {"since"?}, oldest first."""
        since = int(body.get("since", 0))
        return {"events": [one.as_dict() for one in self.engine.events.since(since)]}

    def _instance(self, body: Body) -> Any:  # noqa: ANN401 (moto's Instance)
        instance = find_instance(str(body["instance"]))
        if instance is None:
            raise BadRequestError(f"no instance {body['instance']}")
        return instance
