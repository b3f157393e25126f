"""The ledger: what Auto Scaling, EC2 and Jenkins say of each agent, held side by side.

Three books are kept of every agent, by three clerks who do not talk: its group has it as a member,
EC2 as an instance, Jenkins as a node.
Mostly they agree within seconds.
Where they do not, the difference has a name here, a time after which it counts, and a remedy.

The time is counted only by looks that can be trusted.
While Jenkins cannot be read, has just restarted or is quieting down, or a group cannot be read, no
time passes for what hangs on it, and nothing is done: what they would show now nobody knows.
The controller's own absence counts as that, for agents register through it: a time begins at the
first look of a run, whatever was before.

A remedy ends nothing by itself that could hold a build.
Who is lost or old leaves by the drain of any agent, with its cordon and its looks, and an agent
that comes back before AWS was asked is called back.
Who is not listed is given up only when Jenkins says as well that it has no node of that name: one
whose executors somebody took away has, and its builds go on.
What cannot be told for certain from a build that runs is told to people, and stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from workhorse.core.boots import BOOT_SHARE, usual_boot
from workhorse.core.drain import PIPELINE_RESUME_SECONDS, REPEAT_SECONDS
from workhorse.core.learn import Learned
from workhorse.core.model import Policy
from workhorse.core.word import Word

BOOTS_ENOUGH = 20
"""Boots to be learned before the ledger waits for less than the policy's `boot_seconds`."""
OUTSIDE_SECONDS = 300.0
"""An instance may be tagged before its group shows it, and leave it before EC2 ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPolicy:
    """What the ledger may do; the settings' table `[ledger]`."""

    act: bool = True
    """Apply the remedies; false only tells."""
    margin_seconds: float = 120
    """How long beyond the learned boot time an instance may be without an online node."""
    absent_seconds: float = 86_400
    """How long a machine that came by a token may be missed; infinite for ever."""


class Disagreement(Word):
    """What does not agree."""

    NEVER_REGISTERED = "never-registered"
    FAILED = "failed"
    HUNG = "hung"
    STUCK = "stuck"
    FORGOTTEN = "forgotten"
    DEAD_AT_HOOK = "dead-at-hook"
    NODE_WITHOUT_INSTANCE = "node-without-instance"
    NODE_OF_FORGOTTEN_INSTANCE = "node-of-forgotten-instance"
    GHOST_COMPUTER = "ghost-computer"
    OUTSIDE_GROUP = "outside-group"
    MACHINE_GONE = "machine-gone"
    MACHINE_CORDONED = "machine-cordoned"
    MACHINE_BACK = "machine-back"
    STRANDED_VOLUME = "stranded-volume"
    OLD_IMAGE = "old-image"


class Remedy(Word):
    """What is done about it."""

    LEAVE = "drain for `lost`"
    RENEW = "drain for `old-image`"
    DRAIN = "the drain goes on"
    CORDON = "Cordon"
    RECALL = "Recall"
    DELETE_NODE = "DeleteNode"
    DETACH = "DetachVolume"
    TELL = "people are told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One disagreement: what it means, when it counts, and what is done then."""

    means: str
    remedy: Remedy
    boot: bool = False
    """Its time is the learned boot time and what follows."""
    margin: bool = False
    """`ledger.margin_seconds` are added."""
    absent: bool = False
    """`ledger.absent_hours` are added."""
    seconds: float = 0.0
    """These are added too."""
    because: str
    """Why that long."""

    def patience(self, boot_seconds: float, policy: LedgerPolicy) -> float:
        """Seconds from its beginning until it counts."""
        boot = boot_seconds if self.boot else 0.0
        margin = policy.margin_seconds if self.margin else 0.0
        return boot + margin + (policy.absent_seconds if self.absent else 0.0) + self.seconds

    @property
    def written(self) -> str:
        """The same in words."""
        parts = ["learned boot"] if self.boot else []
        parts += [f"{self.seconds:.0f} s"] if self.seconds else []
        parts += ["margin"] if self.margin else []
        parts += ["`ledger.absent_hours`"] if self.absent else []
        return " + ".join(parts) or "at once"


D = Disagreement
LEDGER: Mapping[Disagreement, Rule] = {
    D.NEVER_REGISTERED: Rule(
        means="a member of its group, and no node of its name was ever listed",
        remedy=Remedy.LEAVE,
        boot=True,
        margin=True,
        because="99 of 100 boots of the pool took less; counted from when it is first seen. While "
        "nobody registers it is ended later: each that is given up doubles the time of the next",
    ),
    D.FAILED: Rule(
        means="in service without a node, and its agent said why it cannot become one",
        remedy=Remedy.LEAVE,
        because="it powers itself off; the five minutes of any lost agent are waited for all the "
        "same",
    ),
    D.HUNG: Rule(
        means="in service, its node is offline, and nothing runs on it as far as Jenkins tells",
        remedy=Remedy.LEAVE,
        seconds=PIPELINE_RESUME_SECONDS,
        because="an agent reconnects within seconds; after five minutes no pipeline resumes on it",
    ),
    D.STUCK: Rule(
        means="in service, its node is offline, and Jenkins has builds on it",
        remedy=Remedy.TELL,
        seconds=PIPELINE_RESUME_SECONDS,
        margin=True,
        because="a pipeline's step may run on, and is taken up when the agent is back",
    ),
    D.FORGOTTEN: Rule(
        means="a member whose node was listed, and is not any more",
        remedy=Remedy.LEAVE,
        seconds=PIPELINE_RESUME_SECONDS,
        margin=True,
        because="an agent asks every minute and registers again; given up only when Jenkins says "
        "that it has no node of its name, for one of no executors is not listed",
    ),
    D.DEAD_AT_HOOK: Rule(
        means="EC2 says that it is terminated, and its group still waits at the hook for it",
        remedy=Remedy.DRAIN,
        because="nothing runs on it: its hook is completed at the next look",
    ),
    D.NODE_WITHOUT_INSTANCE: Rule(
        means="an offline node under our labels, and EC2 says that its instance is terminated",
        remedy=Remedy.DRAIN,
        because="EC2's plain word: the node is deleted at the next look",
    ),
    D.NODE_OF_FORGOTTEN_INSTANCE: Rule(
        means="an offline node that we made, and EC2 does not know its instance",
        remedy=Remedy.DELETE_NODE,
        seconds=PIPELINE_RESUME_SECONDS,
        because="EC2 forgets the terminated after an hour, and may not show the new at once; after "
        "five minutes offline nothing resumes there even if we were wrong",
    ),
    D.GHOST_COMPUTER: Rule(
        means="a computer that outlived its deleted node, with what ran on it",
        remedy=Remedy.DELETE_NODE,
        seconds=PIPELINE_RESUME_SECONDS + REPEAT_SECONDS,
        because="Jenkins cancels the pipeline after five minutes and drops it; one that stays "
        "keeps its agent from registering again",
    ),
    D.OUTSIDE_GROUP: Rule(
        means="tagged as the pool's, not ended, a member of no group, and no canary",
        remedy=Remedy.TELL,
        seconds=OUTSIDE_SECONDS,
        because="somebody took it out of its group to look into it, or it costs for nothing: only "
        "people know",
    ),
    D.MACHINE_GONE: Rule(
        means="an offline, idle node that we made for a machine that came by a token",
        remedy=Remedy.CORDON,
        absent=True,
        because="nobody says that such a machine is gone; counted from when the gateway last "
        "heard it, or it is first seen so",
    ),
    D.MACHINE_CORDONED: Rule(
        means="the same, cordoned for that",
        remedy=Remedy.DELETE_NODE,
        seconds=REPEAT_SECONDS,
        because="no build can be given to it any more, whenever the machine comes back; then it "
        "has a node of its old name again",
    ),
    D.MACHINE_BACK: Rule(
        means="cordoned for that, and online again",
        remedy=Remedy.RECALL,
        because="it has its labels back at the next look",
    ),
    D.STRANDED_VOLUME: Rule(
        means="a cache volume that an instance holds which is dead or stopped",
        remedy=Remedy.DETACH,
        seconds=REPEAT_SECONDS,
        because="EC2 detaches the volumes of what it terminates by itself, mostly",
    ),
    D.OLD_IMAGE: Rule(
        means="its image is older than `agent.max_image_days`, and its group launches another",
        remedy=Remedy.RENEW,
        because="that is what the setting says; a tenth of the pool at a time, idle ones first",
    ),
}
"""Every disagreement that has a name."""

STRANGERS = frozenset(
    {D.NODE_WITHOUT_INSTANCE, D.NODE_OF_FORGOTTEN_INSTANCE, D.GHOST_COMPUTER, D.OUTSIDE_GROUP}
)
"""Told of who is in no group: they hang on the reading of every group."""


def boot_seconds(learned: Learned, policy: Policy) -> float:
    """How long the agents of a pool take to boot, by what was learned when that is enough."""
    usual = usual_boot(policy, learned)
    found = learned.boot(BOOT_SHARE) if len(learned.boots) >= BOOTS_ENOUGH else None
    return usual if found is None else min(found, usual)


def listing() -> str:
    """The table as Markdown."""
    head = (
        "| disagreement | what does not agree | counts after | what is done | why that long |",
        "| --- | --- | --- | --- | --- |",
    )
    rows = (
        f"| {kind} | {rule.means} | {rule.written} | {rule.remedy} | {rule.because} |"
        for kind, rule in LEDGER.items()
    )
    return "\n".join((*head, *rows))
