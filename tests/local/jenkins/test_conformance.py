"""Every recorded exchange, asked of the stand-in in the state that the recording assumes."""

import pytest

from tests.local.jenkins import conformance_recordings as recordings
from tests.local.jenkins.conformance_compare import differences
from tests.local.jenkins.conformance_scenes import named, scene
from tests.local.jenkins.conformance_stage import Stage, recorded_answer
from workhorse.local.jenkins.standin import JenkinsStandIn

LEAST_COVERED = 0.85
"""Share of the recordings that must be replayed."""

REPLAYED = [
    (version, name) for version in recordings.VERSIONS for name in recordings.covered(version)
]


@pytest.mark.parametrize(("version", "name"), REPLAYED)
def test_the_stand_in_answers_as_the_real_server_did(version: str, name: str) -> None:
    asked = recordings.exchange(version, name)

    with JenkinsStandIn(version=version) as standin, Stage(standin, version) as stage:
        stage.play(scene(version, name))
        answered = stage.ask_as_recorded(asked)

    found = differences(recorded_answer(asked), answered)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("version", recordings.VERSIONS)
def test_nearly_all_recordings_are_replayed(
    version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names, covered = recordings.names(version), recordings.covered(version)

    with capsys.disabled():
        count = f"{len(covered)} of {len(names)} recordings replayed"
        print(f"\n{version}: {count}")  # noqa: T201 - the figure that one wants to see
        for name, reason in recordings.LEFT_OUT[version].items():
            print(f"  left out: {name}: {reason}")  # noqa: T201 - and what it leaves out
    assert set(recordings.LEFT_OUT[version]) | named(version) <= set(names)
    assert len(covered) >= LEAST_COVERED * len(names)
