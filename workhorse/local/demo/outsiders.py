"""Doing what the script of the outsiders says."""

import random
from collections.abc import Callable
from dataclasses import replace

from workhorse.local.demo.embedded import EmbeddedCloud
from workhorse.local.demo.facts import Deed, Hand
from workhorse.local.demo.hands import LOWER_BY, Cue, Script
from workhorse.local.demo.processes import StageError
from workhorse.local.demo.view import View

PAUSE_SECONDS = 60.0
"""Virtual seconds after a deed."""

START_SECONDS = 300.0
"""Virtual seconds after the controller was killed: the next one knows of no change before it has
looked once."""


class Outsiders:
    """Holds the script, does at most one deed at a look, and remembers the deeds."""

    def __init__(
        self,
        script: Script,
        cloud: EmbeddedCloud,
        *,
        seed: int,
        kill: Callable[[], None],
        forget: Callable[[str], None],
    ) -> None:
        """Make them.

        Args:
            script: who acts when.
            cloud: where they act.
            seed: decides between targets that are equally good.
            kill: ends the controller without warning and starts it again; raises StageError when it
                is too early for that.
            forget: deletes a node of Jenkins.
        """
        self.deeds: list[Deed] = []
        self._script = script
        self._cloud = cloud
        self._chance = random.Random(seed)  # noqa: S311 - chooses a victim, not a key
        self._kill = kill
        self._forget = forget

    @property
    def missing(self) -> tuple[str, ...]:
        """Hands that found no target so far."""
        return tuple(cue.hand.value for cue in self._script.cues)

    def encore(self) -> bool:
        """Whether somebody would be served by one more build; then they are ready for it."""
        self._script = self._script.again()
        return self._script.wants_a_build

    def act(self, view: View, part: float) -> Deed | None:
        """Do what is due when this part of the window is over, if anything is."""
        due = self._script
        if self.deeds and view.at - self.deeds[-1].at < _pause(self.deeds[-1]):
            due = due.at_once()
        hit = {deed.target for deed in self.deeds if deed.hand is Hand.NODE_DELETED}
        others = tuple(agent for agent in view.agents if agent.instance not in hit)
        found = due.due(replace(view, agents=others), part, self._chance)
        if found is None:
            return None
        cue, target = found
        try:
            self._do(cue, target, view)
        except StageError:
            return None  # The target has just gone, or it is too early: at the next look then.
        self._script = self._script.without(cue)
        deed = Deed(at=view.at, hand=cue.hand, target=target)
        self.deeds.append(deed)
        return deed

    def _do(self, cue: Cue, target: str, view: View) -> None:
        match cue.hand:
            case Hand.OPERATOR_TERMINATE | Hand.REBALANCE:
                self._cloud.terminate_in_group(target)
            case Hand.LOWERED_DESIRED:
                self._cloud.set_desired(target, view.desired[target] - LOWER_BY)
            case Hand.SPOT_WARNING:
                self._cloud.warn_spot(target)
            case Hand.EC2_TERMINATE:
                self._cloud.terminate(target)
            case Hand.NODE_DELETED:
                self._forget(target)
            case Hand.KILL_CONTROLLER:
                self._kill()


def _pause(deed: Deed) -> float:
    return START_SECONDS if deed.hand is Hand.KILL_CONTROLLER else PAUSE_SECONDS
