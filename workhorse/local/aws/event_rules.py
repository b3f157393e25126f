"""Corrections to EventBridge: one target's trouble is its own, schedules match nothing.

moto lets one Lambda target abort PutEvents for all later rules, a rule without a pattern match
every event, and leaves the account out of what a target without a transformer gets.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
"""

import copy
from typing import Any

from moto.core.exceptions import ServiceException
from moto.events.models import Rule

from workhorse.local.aws.engine import active
from workhorse.local.aws.patching import original


def send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:  # noqa: ANN401, FBT001, FBT002 (moto's own signature)
    """Rule.send_to_targets: only enabled rules with a pattern, target by target."""
    if self.state == "DISABLED" or (self.scheduled_expression and not self.event_pattern._pattern):  # noqa: SLF001
        return
    if not self.event_pattern.matches_event(original_event):
        return
    engine = active()
    targets = self.targets
    for target in list(targets):
        if ":lambda:" in target["Arn"]:
            engine.record("lambda.invoked", engine.clock.now(), target=target["Arn"])
            continue
        transform = transform_input and "InputTransformer" in target
        alone: Any = copy.copy(self)
        alone.targets = [target]
        try:
            original(Rule, "send_to_targets")(alone, dict(original_event), transform)
        except (ServiceException, NotImplementedError, LookupError, ImportError) as error:
            engine.record(
                "notification.lost", engine.clock.now(), target=target["Arn"], reason=repr(error)
            )
