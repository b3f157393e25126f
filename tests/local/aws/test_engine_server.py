"""The server as a process and in this one: bodies, clocks, patches, a clean end."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from moto.core import utils

from tests.local.aws.cloud import START, Cloud
from tests.patience import eventually
from workhorse.local.aws import patching
from workhorse.local.aws.engine import TickError
from workhorse.local.aws.patches import PATCHES
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def group_alive(leader: int) -> bool:
    """Whether a process group has a process left that is not a zombie."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _parent, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(group) == leader and state != "Z":
                return True
    return False


def test_the_process_prints_its_endpoint_and_ends_with_its_bodies(tmp_path: Path) -> None:
    """Python -m workhorse.local.aws: one line when ready; SIGTERM ends bodies too."""
    script = 'echo $$ > "$OUT/$0"; echo "$AWS_EC2_METADATA_SERVICE_ENDPOINT" >> "$OUT/$0"; sleep 99'
    body = f"sh -c '{script}' {{instance}}"
    command = [sys.executable, "-m", "workhorse.local.aws", "--boot-seconds", "0", "--body", body]
    environment = {**os.environ, "OUT": str(tmp_path), "MOTO_EC2_LOAD_DEFAULT_AMIS": "true"}
    with subprocess.Popen(
        [*command, "--no-managed-policies"], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            url = ready["endpoint"]
            form = (
                "Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=1&ImageId=ami-12c6146b"
            )
            scope = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/ec2/aws4_request, a, b"
            request = urllib.request.Request(  # noqa: S310 (our own URL)
                url, data=form.encode(), headers={"Authorization": scope}
            )
            urllib.request.urlopen(request).close()  # noqa: S310 (our own URL)
            eventually(lambda: any(len(one.read_text().split()) == 2 for one in tmp_path.iterdir()))
            (file,) = tmp_path.iterdir()
            pid, endpoint = file.read_text().split()
            assert endpoint == f"{url}/imds/{file.name}"
            assert alive(int(pid))
            process.send_signal(signal.SIGTERM)

            assert process.wait(60) == 0
        finally:
            process.kill()
    assert not alive(int(pid))
    assert ScaledClock.parse(ready["clock"]).speed == 1.0


def test_termination_kills_the_whole_group_of_a_body(make_cloud: Callable[..., Cloud]) -> None:
    """Per terminating-instances.html of the EC2 user guide: the machine is off."""
    shell = "trap '' TERM; sleep 99 & wait"
    cloud = make_cloud(body=("sh", "-c", shell))
    cloud.group(desired=1)
    cloud.advance(60)
    (instance,) = cloud.members()
    pid = cloud.aws.bodies.running[instance][1].pid
    cloud.desire(0)
    assert alive(pid)
    cloud.advance(10)

    eventually(lambda: not group_alive(pid))
    assert cloud.aws.bodies.running == {}


def test_a_machine_that_powers_off_is_replaced_by_its_group(
    make_cloud: Callable[..., Cloud],
) -> None:
    """Per ec2-auto-scaling-health-checks.html of the Auto Scaling guide."""
    cloud = make_cloud(body=("sleep", "99"), timings=Timings(boot=1, health=0))
    cloud.group(desired=1)
    cloud.advance(1)
    (first,) = cloud.members()
    process = cloud.aws.bodies.running[first][1]
    process.kill()
    process.wait()
    for _ in range(30):
        cloud.advance(1)

    assert first not in cloud.members()
    assert list(cloud.members().values()) == ["InService"]
    assert [one["instance"] for one in cloud.happenings("body.exited")] == [first]


def test_a_body_knows_its_endpoints_and_its_clock(make_cloud: Callable[..., Cloud]) -> None:
    """Our own: what a body finds in its environment."""
    cloud = make_cloud(body=("true",), body_environment={"MORE": "1"})
    found = cloud.aws.bodies.environment("i-1")

    assert found == {
        "AWS_ENDPOINT_URL": cloud.aws.endpoint,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{cloud.aws.endpoint}/imds/i-1",
        "WORKHORSE_CLOCK": str(cloud.aws.engine.clock),
        "MORE": "1",
    }


def test_a_running_clock_moves_everything_by_itself(make_cloud: Callable[..., Cloud]) -> None:
    """Our own: sixty times faster, a boot of 30 seconds takes half a second."""
    clock = ScaledClock(START, 60.0)
    cloud = make_cloud(clock=clock, timings=Timings(boot=30))
    cloud.group(desired=1)
    eventually(lambda: set(cloud.members().values()) == {"InService"})

    assert cloud.aws.engine.errors == []


def test_after_the_end_moto_has_its_own_methods_and_time(make_cloud: Callable[..., Cloud]) -> None:
    """Our own: nothing of the engine stays behind in the process."""
    before = {(one.owner, one.name): one.owner.__dict__.get(one.name) for one in PATCHES}
    cloud = make_cloud()
    during = {(one.owner, one.name): one.owner.__dict__.get(one.name) for one in PATCHES}
    assert utils.unix_time() == START
    cloud.aws.stop()

    assert all(before[key] is not during[key] for key in before)
    assert before == {(one.owner, one.name): one.owner.__dict__.get(one.name) for one in PATCHES}
    assert abs(utils.unix_time() - time.time()) < 60


def test_each_patch_says_why_and_is_listed_once() -> None:
    """Our own: the table is complete and has no double rows."""
    keys = [(one.owner, one.name) for one in PATCHES]

    assert len(keys) == len(set(keys))
    assert all(one.why for one in PATCHES)


def test_another_moto_is_refused() -> None:
    """Our own: the patches fit one release."""
    with pytest.raises(patching.WrongMotoError, match=r"moto==5\.2\.5"):
        patching.check_version("5.2.6")


def test_a_second_cloud_in_the_process_is_refused_and_harms_nothing(cloud: Cloud) -> None:
    """Our own: moto's state is global to the process."""
    with pytest.raises(RuntimeError, match="one at a time"):
        EmbeddedAws(ScaledClock(START, 0.0)).start()
    cloud.group()

    assert cloud.members() == {}


class Broken:
    """A part that fails in every tick."""

    def tick(self, now: float) -> None:
        """Fail."""
        raise RuntimeError(f"no luck at {now:.0f}")


def test_a_part_that_fails_does_not_stop_the_others_and_is_not_hidden(cloud: Cloud) -> None:
    """Our own: the rest of the cloud goes on, and advance tells."""
    cloud.aws.engine.parts.insert(0, Broken())
    cloud.group(desired=1)
    with pytest.raises(TickError, match="no luck at 1767225610"):
        cloud.advance(10)
    for _ in range(5):
        with pytest.raises(TickError):
            cloud.advance(10)

    assert list(cloud.members().values()) == ["InService"]


def test_the_driver_keeps_what_failed_for_the_state_page(
    make_cloud: Callable[..., Cloud],
) -> None:
    """Our own: errors are in GET /_local/state."""
    cloud = make_cloud(clock=ScaledClock(START, 0.001))
    cloud.aws.engine.parts.append(Broken())
    eventually(lambda: bool(cloud.local("GET", "state")["errors"]))

    assert "no luck" in cloud.local("GET", "state")["errors"][0]
