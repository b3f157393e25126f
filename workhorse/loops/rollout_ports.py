"""What rollouts need of the outside; the adapters and the simulated world satisfy it by shape.

As in `loops/ports.py`: every call may raise `Surprise`, none retries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workhorse.core.orders import Canary, JobRun, Order, Refresh, Standing


class Launcher(Protocol):
    """What a group launches, and the two other ways to have AWS launch or replace an agent.

    Asked of only while a rollout is under way.
    """

    def use_template(self, group: str, version: int) -> None:
        """UpdateAutoScalingGroup: launch this version from now on; everything else stays.

        Raises:
            Missing: there is no such group, or no such version.
        """

    def launch_canary(self, group: str, version: int, order: str, label: str) -> str:
        """RunInstances from the group's template at `version`, beside the group; the instance id.

        Tagged `workhorse:canary` = `order` and `workhorse:pool-group` = `group`; its user data is
        the template's with two lines more, AGENT_LABELS=`label` and AGENT_MODE=EXCLUSIVE. Asked
        again for the same order: the same instance, and no other is launched.
        """

    def canaries(self, group: str) -> Sequence[Canary]:
        """The canaries of a group, of any order, that EC2 still shows and that have not ended."""

    def end_canary(self, instance: str) -> None:
        """TerminateInstances; done as well when it is no more.

        Raises:
            Surprise: it does not carry the tag of a canary.
        """

    def start_refresh(self, group: str, version: int, healthy_percent: int) -> None:
        """StartInstanceRefresh to that version; under way already: changes nothing."""

    def refresh(self, group: str) -> Refresh | None:
        """The newest instance refresh of the group; None when there never was one."""

    def cancel_refresh(self, group: str) -> None:
        """CancelInstanceRefresh; done as well when none runs."""


class Jobs(Protocol):
    """Jenkins' jobs, as far as a rollout runs any."""

    def run(self, job: str, parameters: Mapping[str, str]) -> None:
        """Queue the job; a run with the same parameters that is queued or runs is enough.

        Raises:
            Missing: there is no such job.
        """

    def newest(self, job: str, parameters: Mapping[str, str]) -> JobRun | None:
        """The newest run of the job whose parameters include these; None when there is none."""

    def run_matrix(self, job: str, nodes: Sequence[str], order: str) -> None:
        """Set each node to one executor, give the matrix job these nodes, and queue it.

        Queued or running already for the same order and nodes: changes nothing.

        Raises:
            Missing: there is no such job.
        """


class Orders(Protocol):
    """What people ordered, and what the controller tells them of it."""

    def placed(self, pools: Sequence[str]) -> Mapping[str, Order]:
        """The order of every pool that has one."""

    def standing(self, pool: str) -> Standing | None:
        """What was last told of the pool's rollout, over or not."""

    def tell(self, standing: Standing) -> None:
        """Replace what is told."""

    def close(self, pool: str, order: str) -> None:
        """Take the order away; done as well when it is gone or another's."""


class Images(Protocol):
    """The image store, as far as a rollout writes it."""

    def promote(self, pool: str, image: str) -> None:
        """Make it the pool's stable image, and the stable one the previous.

        No candidate is left when it was that. Done already: changes nothing.
        """

    def condemn(self, pool: str, image: str, because: str) -> None:
        """Tag it as failed, and take it away as candidate. Done already: changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """What rollouts need beyond the loops' own ports."""

    launcher: Launcher
    jobs: Jobs
    orders: Orders
    images: Images
