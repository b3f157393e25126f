"""What happens around every request to moto: faults, the lock, and honest refusals."""

from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse

from workhorse.local.aws.engine import active
from workhorse.local.aws.faults import (
    Broken,
    InternalFailureError,
    NotEmulatedError,
    ThrottledError,
)
from workhorse.local.aws.patching import original

SERIALISED = frozenset({"ec2", "autoscaling", "cloudwatch"})
"""Services whose requests take the engine's lock: their state moves by itself."""

READERS = frozenset({"GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory"})
"""Actions that show values of the parameter store."""

THROTTLE_STATUS = {"ec2": 503}
"""HTTP status of a throttled call, 400 elsewhere (EC2's errors overview page)."""

Answer = tuple[int, dict[str, Any], Any]


def call_action(self: BaseResponse) -> Answer:
    """BaseResponse.call_action: one request at a time where state moves, faults first."""
    engine = active()
    action = self._get_action()
    fault = engine.faults.take_broken(action) if action else None
    if fault is not None:
        engine.record("fault.hit", engine.clock.now(), action=action)
        return _broken_answer(self, fault)
    if action in READERS:
        _record_reader(self, action)
    if self.service_name not in SERIALISED:
        return _implemented(self, action)
    with engine.lock:
        return _implemented(self, action)


def _record_reader(self: BaseResponse, action: str) -> None:
    """Say which instance reads a parameter with the credentials that are its own."""
    engine = active()
    with engine.lock:
        reader = engine.credentials.find(self.access_key)
        if reader is not None:
            now = engine.clock.now()
            engine.record("parameter.read", now, instance=reader.instance, action=action)


def _implemented(self: BaseResponse, action: str) -> Answer:
    """Run the action; one that moto lacks is InvalidAction, which no SDK retries.

    Where moto fails with the name of a group it does not find, AWS says so.
    """
    try:
        answer: Answer = original(BaseResponse, "call_action")(self)
    except NotImplementedError as error:
        return _refusal(self, NotEmulatedError(action, str(error)))
    except KeyError as error:
        name = self._get_param("AutoScalingGroupName")
        if self.service_name != "autoscaling" or error.args != (name,):
            raise
        text = f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"
        return _refusal(self, ValidationError(text))
    return answer


def _refusal(self: BaseResponse, error: ServiceException) -> Answer:
    status, headers, body = self.serialized(ActionResult(error))
    return int(status), dict(headers), body


def _broken_answer(self: BaseResponse, fault: Broken) -> Answer:
    service = str(self.service_name)
    error: ServiceException = ThrottledError(service)
    status = THROTTLE_STATUS.get(service, 400)
    if fault.status is not None:
        error = InternalFailureError()
        status = fault.status
    _status, headers, body = _refusal(self, error)
    return status, headers, body
