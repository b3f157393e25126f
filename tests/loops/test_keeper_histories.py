"""Any history of claims, crashes, lost tags and changed pools: trunk gets nothing of others.

What a volume holds is followed beside the keeper: it is soiled once an agent has it of a pool that
is of less trust at that moment.
"""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.core.test_volumes import volume
from tests.loops.cache import HERE, House
from workhorse.core.agents import AgentPolicy, Tier
from workhorse.core.effects import Effect
from workhorse.core.errors import Missing, Surprise

POOL = "linux"
TIERS = (*[Tier.TRUNK] * 3, Tier.PULL_REQUEST, Tier.PULL_REQUEST, Tier.NONE)
VOLUMES = {f"vol-{n}": tier for n, tier in enumerate(TIERS)}
one_of = st.sampled_from(list(VOLUMES))
tiers = st.sampled_from([Tier.TRUNK, Tier.PULL_REQUEST])


class Histories(RuleBasedStateMachine):
    """One pool that may change its tier, some volumes, agents that come and die."""

    def __init__(self) -> None:
        super().__init__()
        self.tier = Tier.TRUNK
        made = [volume(name, tier=tier) for name, tier in VOLUMES.items()]
        self.house = House(*made, pools=self.pools())
        self.soiled = {v.id for v in self.house.volumes.all if v.tier is not Tier.TRUNK}
        self.agents = 0
        self.had: set[tuple[str, str]] = set()

    def pools(self) -> dict[str, AgentPolicy]:
        """The settings as they are now."""
        return {POOL: AgentPolicy(tier=self.tier)}

    def holders(self) -> list[tuple[str, str]]:
        """Agent and volume, of every volume that is held."""
        return [(v.attached_to, v.id) for v in self.house.volumes.all if v.attached_to]

    @rule(again=st.booleans())
    def claim(self, *, again: bool) -> None:
        """An agent boots and claims, or one that runs asks once more."""
        running = [agent for agent, _ in self.holders()]
        if not (again and running):
            self.agents += 1
            running = [self.house.launch(f"i-{self.agents}")]
        self.house.keeper.claim(running[0], POOL, HERE)

    @rule(crash=st.booleans())
    def claim_and_crash(self, *, crash: bool) -> None:
        """The keeper dies before or after its first deed; another goes on."""
        left = [crash]

        def die(effect: Effect) -> None:
            if left and left.pop():
                raise Surprise(f"died at {effect}")

        self.house.doing.before = die
        self.claim(again=False)
        self.house.doing.before = lambda _: None
        self.house.restart(self.pools())
        self.house.keeper.meters()

    @rule()
    def release(self) -> None:
        """An agent leaves as it should."""
        for agent, held in self.holders()[:1]:
            self.house.keeper.release(agent, held, fill=0.5)

    @rule(name=one_of, because=st.sampled_from(["corrupt: x", "foreign: x", "failed: x"]))
    def complain(self, name: str, because: str) -> None:
        """An agent could not use what it got."""
        for agent, held in self.holders():
            if held == name:
                self.house.keeper.report(agent, held, mounted=False, because=because)

    @rule()
    def meddle(self) -> None:
        """Somebody releases what he does not hold."""
        for agent, held in self.holders()[:1]:
            try:
                self.house.keeper.release(f"not-{agent}", held)
            except Missing:
                continue
            raise AssertionError(agent)

    @rule()
    def end_instance(self) -> None:
        """An agent dies, and EC2 lets go."""
        for agent, _ in self.holders()[:1]:
            del self.house.zones[agent]
            self.house.volumes.end_instance(agent)

    @rule(name=one_of, what=st.sampled_from(["tier", "used_at", "corrupt"]))
    def lose_a_tag(self, name: str, what: str) -> None:
        """Somebody takes a tag off, or makes nonsense of it."""
        lost = {"tier": Tier.NONE, "used_at": None, "corrupt": False}[what]
        self.house.volumes.add(replace(self.house.volume(name), **{what: lost}))

    @rule(tier=tiers)
    def change_the_pool(self, tier: Tier) -> None:
        """The controller begins anew with other settings, and publishes at once."""
        self.tier = tier
        self.house.restart(self.pools())
        self.house.keeper.meters()

    @rule(seconds=st.sampled_from([0.5, 3.0, 60.0]))
    def wait(self, seconds: float) -> None:
        """Time passes: readings become old."""
        self.house.at += seconds

    @invariant()
    def trunk_never_gets_what_others_wrote(self) -> None:
        """What was ever held by a pool of less trust stays away from trunk."""
        holders = set(self.holders())
        for _, name in holders - self.had:
            assert self.tier is Tier.PULL_REQUEST or name not in self.soiled, name
        self.had = holders
        if self.tier is Tier.PULL_REQUEST:
            self.soiled |= {name for _, name in holders}

    @invariant()
    def no_agent_holds_two(self) -> None:
        """An agent holds one volume at most."""
        agents = [agent for agent, _ in self.holders()]
        assert len(agents) == len(set(agents))


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
