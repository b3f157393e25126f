"""What people do for a rollout on a stage: another image, and the command line."""

import sys

from workhorse.local.agent.image import TAG
from workhorse.local.demo import setting
from workhorse.local.demo.one_pool import Stage
from workhorse.local.demo.options import CHECKOUT
from workhorse.local.demo.processes import Process
from workhorse.local.demo.scenery import environment

PREFIX = "/workhorse"
"""Where the parameters of images and rollouts are, which the control plane's role may write."""

POOL_TAG = "workhorse:pool"
"""The tag of an image that says whose it is; the image store knows its images by it."""

LOOK_SECONDS = 0.3
"""Real seconds between two looks of whoever follows a rollout in fast time."""


def bake(stage: Stage, name: str, *, test: str = "") -> str:
    """Another image, which Terraform makes the newest version of the group's template; its AMI id.

    Args:
        stage: where.
        name: of the image.
        test: how it is a bad one, in the words of `workhorse.local.agent.image`; empty: it is good.
    """
    image = stage.where.cloud.copy_image(setting.IMAGE, name)
    stage.where.cloud.tag(image, POOL_TAG, stage.play.pool.name)
    if test:
        stage.where.cloud.tag(image, TAG, test)
    stage.apply(image)
    return image


def command(stage: Stage, name: str, *words: str) -> Process:
    """Start `python -m workhorse WORDS` about the pool; `name` is that of its log."""
    config = ["--config", str(stage.config), "--pool", stage.play.pool.name]
    look = ["--look", str(LOOK_SECONDS)]
    return stage.processes.start(
        name,
        [sys.executable, "-m", "workhorse", *words, *config, *look],
        environ=environment(),
        cwd=CHECKOUT,
    )


def ended(stage: Stage, process: Process, *, virtual: float) -> int:
    """The exit status of a command, which may take so many virtual seconds on an idle machine.

    Raises:
        StageError: it runs on, or the controller ended.
    """
    stage.until(f"{process.name} ended", lambda: not process.running, virtual=virtual)
    return process.wait(0)
