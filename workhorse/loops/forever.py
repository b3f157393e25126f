"""The one endless loop of workhorse."""

from workhorse.loops.driver import Driver
from workhorse.loops.ports import Clock


def forever(driver: Driver, clock: Clock) -> None:
    """Run what is due, wait until something is, until told to stop.

    Everything that the world may do is a `Surprise` and was met where it arose.
    What gets here is our bug: it ends the process, whose supervisor starts it anew, and nothing is
    lost by that.
    """
    while not clock.wait(driver.run_due()):
        pass
