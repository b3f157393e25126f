"""The two kinds of wrong.

    WorkhorseError
    +-- Misuse            our bug: a state that cannot be; crash and say so
    +-- Refusal           the operator asked for what the rules forbid; exit non-zero
    +-- Surprise          the world's doing: record it, end the tick, look afresh at the next
        +-- Unreadable    a reading failed; what it would have told counts as unknown
        +-- Missing       the named thing is not there (any more)

`Misuse` is never caught below `loops/forever.py`.
"""


class WorkhorseError(Exception):
    """Root of all errors that workhorse raises on purpose."""


class Misuse(WorkhorseError):  # noqa: N818 - the house names what happened, not that it is an error
    """Our own code asked for something that cannot be."""


class Refusal(WorkhorseError):  # noqa: N818 - the same
    """Bad input: the message names the thing, the value and the rule."""


class Surprise(WorkhorseError):  # noqa: N818 - the same
    """Jenkins or AWS did something that a correct program must live with."""


class Unreadable(Surprise):
    """A reading failed or made no sense."""


class Missing(Surprise):
    """The node, instance, hook or message named is not there."""
