"""One controller per journal."""

from pathlib import Path

import pytest

from workhorse.adapters.lock import held
from workhorse.core.errors import Refusal


def test_a_lock_that_is_held_refuses_the_second_and_is_free_again_afterwards(
    tmp_path: Path,
) -> None:
    lock = tmp_path / "deep" / "journal.jsonl.lock"
    with held(lock), pytest.raises(Refusal, match="one controller"), held(lock):
        pass

    with held(lock):
        assert lock.exists()


def test_a_lock_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Refusal, match=r"journal\.path"), held(tmp_path / "file" / "lock"):
        pass
