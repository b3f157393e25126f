"""What an answer is drawn from: the controller, who asks, and figures worked out once."""

from dataclasses import dataclass, field

from workhorse.local.jenkins.controller import Controller
from workhorse.local.jenkins.labelling import Standings
from workhorse.local.jenkins.permissions import JOB_READ, User
from workhorse.local.jenkins.world import World


@dataclass(frozen=True, slots=True)
class View:
    """One request's eyes; `root` is the URL that JSON `url` fields start with."""

    controller: Controller
    user: User
    root: str
    standings: Standings = field(init=False)

    def __post_init__(self) -> None:
        """Start with nothing worked out."""
        object.__setattr__(self, "standings", Standings(self.controller.world))

    @property
    def world(self) -> World:
        """The controller's memory."""
        return self.controller.world

    @property
    def sees_jobs(self) -> bool:
        """Who may not read jobs sees no queue items, no builds and no jobs."""
        return self.user.may(JOB_READ)


def millis(seconds: float) -> int:
    """Epoch milliseconds."""
    return round(seconds * 1000)
