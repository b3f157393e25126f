"""Stages for the commands' tests."""

from pathlib import Path

import pytest

from tests.commands.delivery_stage import CONFIGURATION, Stage


@pytest.fixture
def stage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Stage:
    """A place to deliver from, with nothing applied yet and no chat."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root/main.tf").write_text(CONFIGURATION)
    made = Stage(folder=tmp_path, capfd=capfd)
    made.configure()
    return made
