"""Every sort of event in any order, against the real loops; the promises are its invariants."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.properties.scene import SIDES, Options, Scene
from workhorse.core.asks import AskKind
from workhorse.core.errors import Surprise
from workhorse.core.model import Release
from workhorse.sim.faults import aws, controller, ledger, messages, ours
from workhorse.sim.faults.again import DEPLOY, KEEP, PLAIN
from workhorse.sim.faults.fault import Fault, happen
from workhorse.sim.line import Side
from workhorse.sim.truth import Hand

THEN = st.sampled_from((0, 0, 2, 6, 11, 16, 25, 60, 130))
"""Seconds until the next event."""
EXPRESSIONS = ("linux", "linux && docker", "!windows", None)
ANY = st.integers(0, 20)
"""Which machine or node of those there are: modulo their number."""

OPTIONS = st.builds(
    Options,
    floor=st.integers(0, 2),
    ceiling=st.integers(2, 5),
    executors=st.integers(1, 2),
    buffer=st.integers(0, 1),
    release=st.sampled_from(Release),
    hook=st.sampled_from((True, True, True, False)),
    seed=st.integers(0, 3),
    label_lag=st.sampled_from((0.0, 10.0)),
    idle_minutes=st.sampled_from((0.0, 0.0, 1.0)),
    max_builds=st.sampled_from((0, 0, 1, 2)),
)


def happens(**draws: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """A rule, after which the loops and the world go on for a while."""

    def decorate(event: Callable[..., None]) -> Any:
        @wraps(event)
        def happen(self: "Promises", then: int, **drawn: Any) -> None:
            event(self, **drawn)
            self.scene.stage.run(then)

        return rule(then=THEN, **draws)(happen)

    return decorate


class Promises(RuleBasedStateMachine):
    """The world does what it likes; the loops keep their promises."""

    scene: Scene

    @initialize(options=OPTIONS, builds=st.integers(1, 4), wait=st.sampled_from((5, 70, 130, 200)))
    def begin(self, options: Options, builds: int, wait: int) -> None:
        """Make a world, with builds and enough time for their agents to boot, or not."""
        self.scene = self.make(options)
        for number in range(builds):
            self.scene.world.jenkins.submit("first", 60 * number + 20, "linux")
        self.scene.stage.run(wait)

    @staticmethod
    def make(options: Options) -> Scene:
        """The scene; a broken one overrides this."""
        return Scene(options)

    def _try(self, act: Callable[..., object], *arguments: object, **named: object) -> None:
        """Let somebody else do something that the world may refuse them."""
        try:
            act(*arguments, **named)
        except Surprise:
            return

    def _strike(self, fault: Fault) -> None:
        """The fault happens, if the world lets it."""
        happen(fault, self.scene.world)

    def _machine(self, which: int) -> str:
        machines = self.scene.machines
        return machines[which % len(machines)] if machines else "i-00000000"

    def _node(self, which: int) -> str:
        nodes = self.scene.nodes
        return nodes[which % len(nodes)] if nodes else "i-00000000"

    # Time.

    @rule(seconds=st.sampled_from((61, 130, 320, 700)))
    def pass_time(self, seconds: int) -> None:
        """Nothing else happens for a while."""
        self.scene.stage.run(seconds)

    @happens(seconds=st.sampled_from((3, 20, 70)))
    def hang(self, seconds: int) -> None:
        """The machine of the loops hangs; the world goes on."""
        self._strike(ours.LoopsHung(seconds=seconds))

    # Work.

    @happens(
        number=st.integers(1, 4),
        seconds=st.sampled_from((3, 40, 150, 600)),
        expression=st.sampled_from(EXPRESSIONS),
        pipeline=st.booleans(),
        job=st.sampled_from((KEEP, KEEP, DEPLOY, PLAIN)),
    )
    def arrive(
        self,
        number: int,
        seconds: int,
        expression: str | None,
        pipeline: bool,  # noqa: FBT001 - drawn
        job: str,
    ) -> None:
        """Builds enter the queue."""
        builds = self.scene.builds
        for _ in range(number):
            one = len(builds.kept)
            self._try(builds.submit, job, seconds, expression, pipeline=pipeline, number=one)

    @happens(which=ANY, seconds=st.sampled_from((20, 200)))
    def arrive_pinned(self, which: int, seconds: int) -> None:
        """A build enters the queue that only one certain node may run."""
        if self.scene.nodes:
            self._try(self.scene.world.jenkins.submit, "pinned", seconds, self._node(which))

    # AWS and its operators.

    @happens(which=ANY, decrement=st.booleans())
    def operator_terminates(self, which: int, decrement: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody calls TerminateInstanceInAutoScalingGroup; AZ rebalance looks the same."""
        terminate = self.scene.world.cloud.terminate
        self._try(terminate, self._machine(which), Hand.AWS, decrement=decrement)

    @happens(size=st.integers(0, 6))
    def operator_sizes(self, size: int) -> None:
        """Somebody sets the desired capacity, and AWS chooses whom to end."""
        self._try(self.scene.world.cloud.set_desired, self.scene.group, size)

    @happens(which=ANY, known=st.booleans())
    def ec2_terminates(self, which: int, known: bool) -> None:  # noqa: FBT001 - drawn
        """An instance dies and no hook is asked."""
        self._strike(aws.InstanceDied(which=which, known=known))

    @happens(which=ANY, protected=st.booleans())
    def operator_protects(self, which: int, protected: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody switches scale-in protection."""
        self._try(self.scene.world.cloud.protect, self._machine(which), protected=protected)

    @happens(which=ANY, how=st.sampled_from(("taken", "taken unwarned", "recommended")))
    def spot_market(self, which: int, how: str) -> None:
        """EC2 warns that it takes an instance back, or that it may, or takes it."""
        if how == "recommended":
            self._strike(aws.RebalanceRecommended(which=which))
        else:
            self._strike(aws.SpotLost(which=which, warned=how == "taken"))

    @happens(which=ANY, kind=st.sampled_from((AskKind.STOP, AskKind.IDLE)))
    def agent_asks(self, which: int, kind: AskKind) -> None:
        """An agent wants to leave; whether it is idle, it may be wrong."""
        again = kind is not AskKind.IDLE
        self._try(self.scene.world.asking.ask, self._machine(which), kind, again=again)

    @happens()
    def zone_rebalances(self) -> None:
        """One more is launched, and then one of those there were is ended through its hook."""
        self._strike(aws.ZoneRebalanced())

    @happens(which=ANY)
    def instance_hangs(self, which: int) -> None:
        """A machine stops working, and EC2 goes on calling it running."""
        self._strike(aws.InstanceHung(which=which))

    @happens(which=ANY, seconds=st.sampled_from((20, 900)))
    def operator_detaches(self, which: int, seconds: int) -> None:
        """Somebody takes an instance out of its group, and ends it later."""
        self._strike(aws.InstanceDetached(which=which, seconds=seconds))

    @happens(seconds=st.sampled_from((30, 200)))
    def image_is_broken(self, seconds: int) -> None:
        """Instances that are launched now never register."""
        self._strike(aws.AgentsNeverRegister(seconds=seconds))

    @happens(none=st.booleans())
    def capacity(self, none: bool) -> None:  # noqa: FBT001 - drawn
        """EC2 has no instances to give, or has some again."""
        self.scene.world.cloud.no_capacity = none

    # Messages.

    @happens()
    def messages_repeat(self) -> None:
        """Everything in the queue is delivered once more."""
        self._strike(messages.MessagesRepeated())

    @happens(seconds=st.sampled_from((20, 300)))
    def messages_get_lost(self, seconds: int) -> None:
        """The queue's policy is broken for a while."""
        self._strike(messages.MessagesLost(seconds=seconds))

    @happens(which=ANY, delay=st.sampled_from((0, 30, 400)))
    def hook_message_out_of_turn(self, which: int, delay: int) -> None:
        """A hook's message for an instance that waits at none: late, early or made up."""
        self._strike(messages.HookMessageMadeUp(which=which, delay_seconds=delay))

    @happens(oddity=st.sampled_from(messages.Oddity))
    def odd_message(self, oddity: messages.Oddity) -> None:
        """A message that asks for nothing that is ours."""
        self._strike(messages.OddMessageCame(oddity=oddity))

    # Jenkins and the people at it.

    @happens(crash=st.booleans(), back=st.sampled_from((8.0, 18.0, 60.0)))
    def jenkins_restarts(self, crash: bool, back: float) -> None:  # noqa: FBT001 - drawn
        """Jenkins restarts, in order or not."""
        self._strike(controller.JenkinsRestarted(back_seconds=back, crash=crash))

    @happens(quiet=st.booleans())
    def jenkins_quiets_down(self, quiet: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody prepares Jenkins for shutdown, or thinks better of it."""
        if self.scene.world.jenkins.up:
            self.scene.world.jenkins.quieting_down = quiet

    @happens(which=ANY)
    def human_uncordons(self, which: int) -> None:
        """Somebody gives a node its labels back by hand."""
        self._strike(controller.NodeUncordoned(which=which))

    @happens(which=ANY, offline=st.booleans())
    def human_marks(self, which: int, offline: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody takes a node temporarily offline, or brings it back."""
        self._try(self.scene.world.jenkins.mark, self._node(which), temporarily_offline=offline)

    @happens(which=ANY)
    def human_deletes(self, which: int) -> None:
        """Somebody deletes a node, and whatever runs on it dies by that hand."""
        self._strike(controller.NodeDeleted(which=which))

    @happens(which=ANY, returns=st.booleans())
    def node_is_forgotten(self, which: int, returns: bool) -> None:  # noqa: FBT001 - drawn
        """A node is no more, and its agent finds that out or never does."""
        kind = controller.NodeDeleted if returns else ledger.AgentForgotten
        self._strike(kind(which=which))

    @happens(which=ANY, seconds=st.sampled_from((60, 500, 1500)))
    def executors_are_taken(self, which: int, seconds: int) -> None:
        """Somebody sets a node's executors to none for a while: Jenkins lists it no more."""
        self._strike(ledger.ExecutorsTakenAway(which=which, seconds=seconds))

    @happens(seconds=st.sampled_from((20, 500)))
    def gateway_closes(self, seconds: int) -> None:
        """No agent gets through to the gateway for a while."""
        self._strike(ledger.GatewayClosed(seconds=seconds))

    @happens(which=ANY, seconds=st.sampled_from((15, 200)))
    def network_breaks(self, which: int, seconds: int) -> None:
        """An agent loses its connection for a while."""
        self._strike(controller.ConnectionBroke(which=which, seconds=seconds))

    # The line.

    @happens(side=st.sampled_from(SIDES), away=st.booleans())
    def out_of_reach(self, side: Side, away: bool) -> None:  # noqa: FBT001 - drawn
        """A side answers no more, or does again."""
        _switch(self.scene.world.line.out_of_reach, side, on=away)

    @happens(side=st.sampled_from(SIDES), lost=st.booleans())
    def answers_get_lost(self, side: Side, lost: bool) -> None:  # noqa: FBT001 - drawn
        """A side does what it is asked, and its answers get lost."""
        _switch(self.scene.world.line.ambiguous, side, on=lost)

    @happens(side=st.sampled_from(SIDES), seconds=st.sampled_from((0.0, 2.0, 40.0)))
    def slow(self, side: Side, seconds: float) -> None:
        """A side takes its time."""
        self.scene.world.line.seconds[side] = seconds

    @happens(seconds=st.sampled_from((0.0, 15.0)))
    def stale(self, seconds: float) -> None:
        """Auto Scaling tells how things were a moment ago."""
        self.scene.world.cloud.lag_seconds = seconds

    @happens(number=st.integers(0, 2))
    def cordons_get_lost(self, number: int) -> None:
        """The next cordons are overwritten by somebody who read before and wrote after."""
        self._strike(controller.CordonsLost(number=number))

    # The loops themselves.

    @happens()
    def loops_restart(self) -> None:
        """The process ends between two ticks, and another one begins."""
        self.scene.stage.restart()

    @happens(changes=st.integers(1, 8), after=st.booleans())
    def loops_crash(self, changes: int, after: bool) -> None:  # noqa: FBT001 - drawn
        """The process will be killed at its n-th change from now."""
        self._strike(ours.LoopsCrashed(changes=changes, after=after))

    @happens(side=st.sampled_from(SIDES), changes=st.integers(1, 4), done=st.booleans())
    def one_change_fails(self, side: Side, changes: int, done: bool) -> None:  # noqa: FBT001 - drawn
        """Of the next changes of a side one fails, or its answer gets lost."""
        self._strike(ours.ChangeFailed(side=side, changes=changes, done=done))

    @happens(by=st.sampled_from((-3600, -60, 60, 3600)))
    def clock_jumps(self, by: int) -> None:
        """The clock of the loops' machine is set."""
        self._strike(ours.ClockJumped(by_seconds=by))

    @invariant()
    def promises_are_kept(self) -> None:
        """At every moment."""
        if hasattr(self, "scene"):
            self.scene.check()

    def teardown(self) -> None:
        """When the faults stop, everything comes to rest."""
        if hasattr(self, "scene"):
            self.scene.settle()


def _switch(sides: set[Side], side: Side, *, on: bool) -> None:
    (sides.add if on else sides.discard)(side)
