"""Stages for the commands' tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.delivery_stage import CANARY, CONFIGURATION, Stage, Webhook, webhook


@pytest.fixture
def stage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Stage:
    """A place to deliver from, with nothing applied yet and no chat."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root/main.tf").write_text(CONFIGURATION)
    made = Stage(folder=tmp_path, capfd=capfd)
    made.configure()
    return made


@pytest.fixture
def chat(stage: Stage) -> Iterator[Webhook]:
    """A chat that the stage's settings name by a file, whose URL holds a secret."""
    with webhook() as hook:
        urls = stage.folder / "urls"
        urls.write_text(f"json://127.0.0.1:{hook.port}/{CANARY}\n")
        stage.configure(chat=f'urls_file = "{urls}"')
        yield hook
