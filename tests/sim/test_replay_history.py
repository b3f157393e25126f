"""Jenkins' estimates, as hudson.model.Job has them."""

import pytest

from workhorse.sim.history import History
from workhorse.sim.jenkins import SimJenkins


def test_without_a_success_nothing_is_expected() -> None:
    history = History()

    assert history.begun("job", 1) is None
    assert history.begun("job", 2) is None


def test_the_last_three_successes_are_averaged() -> None:
    history = History()
    for build, seconds in enumerate((1000, 10, 20, 60), start=1):
        history.begun("job", build)
        history.ended("job", build, seconds)

    assert history.begun("job", 5) == pytest.approx(30)


def test_each_job_has_a_history_of_its_own() -> None:
    history = History()
    history.begun("job", 1)
    history.ended("job", 1, 10)

    assert history.begun("other", 2) is None


def test_running_builds_take_up_places_among_the_last_six() -> None:
    """Of six that run beside it only the last success is left, however long ago."""
    history = History()
    for build in range(1, 4):
        history.begun("job", build)
    history.ended("job", 1, 10)
    history.ended("job", 2, 20)
    history.ended("job", 3, 30)
    told = [history.begun("job", build) for build in range(4, 11)]

    # 4 to 6 see builds 1 to 3; 7 to 9 lose one of them each; then only the last success is left.
    assert told[:3] == [20, 20, 20]
    assert told[3:] == [25, 30, 30, 30]


def test_a_success_of_an_older_build_does_not_become_the_last_one() -> None:
    history = History()
    history.begun("job", 1)
    history.begun("job", 2)
    history.ended("job", 2, 10)
    history.ended("job", 1, 70)
    for build in range(3, 9):
        history.begun("job", build)

    assert history.begun("job", 9) == 10


def test_a_simulated_build_is_told_its_estimate_as_it_starts(jenkins: SimJenkins) -> None:
    jenkins.connect("agent", frozenset({"linux"}))
    builds = [jenkins.submit("job", seconds, "linux") for seconds in (100, 50, 10)]
    jenkins.kernel.run_until(1000)

    assert [build.estimated_seconds for build in builds] == [None, 100, 75]
