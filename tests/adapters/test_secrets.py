"""The token in a file."""

from pathlib import Path

import pytest

from workhorse.adapters.secrets import from_file
from workhorse.core.errors import Refusal


def test_a_token_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken\n")
    assert from_file(tmp_path / "token") == "t0ken"


def test_a_token_file_that_is_not_there_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"token_file: .*none: cannot be read"):
        from_file(tmp_path / "none")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(Refusal, match="empty: is empty"):
        from_file(tmp_path / "empty")


def test_a_file_that_holds_more_than_a_token_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# workhorse\n")
    with pytest.raises(Refusal, match=r"README\.md: holds more than a token"):
        from_file(tmp_path / "README.md")
