"""A controller that is killed: its command goes on to its end, and the next one waits for it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.executors.stage import Scene
from tests.patience import eventually
from workhorse.core.errors import Surprise

ROOT = Path(__file__).parents[2]
CONTROLLER = """
import sys
from pathlib import Path
from tests.executors.stage import Scene

scene = Scene(Path(sys.argv[1]))
scene.shell(sys.argv[2]).resize(scene.pool, 3, 0)
print("begun", flush=True)
sys.stdin.read()
"""
COMMAND = """
echo {{ size }} > begun
while [ ! -e go ]; do echo waiting; sleep 0.05; done
echo much; echo more
echo done > said
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_a_command_outlives_its_controller_and_holds_the_next_one_up(
    tmp_path: Path, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CONTROLLER, str(tmp_path), COMMAND],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as controller:
        assert controller.stdout is not None
        assert controller.stdout.readline() == b"begun\n"
        eventually((tmp_path / "begun").exists)
        controller.send_signal(number)
    assert controller.returncode == -number

    scene = Scene(tmp_path)
    following = scene.shell("echo {{ size }} >> said")
    with pytest.raises(Surprise, match="another controller began for pool linux still runs"):
        following.resize(scene.pool, 4, 0)
    (tmp_path / "go").touch()
    eventually((tmp_path / "said").exists)

    def begun() -> bool:
        try:
            scene.resize(following, 4)
        except Surprise:
            return False
        return True

    eventually(begun)
    assert scene.lines() == ["done", "4"]
