"""What is kept of registration tokens."""

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.errors import Refusal, Unreadable
from workhorse.core.tokens import (
    TokenBook,
    TokenRecord,
    book_of,
    book_text,
    pruned,
    record_of,
    token_text,
    with_record,
    without,
)

KEY = "cc" * 32
TOKEN = token_text("0a0a0a0a", "t" * 43)


def digest(token: str) -> str:
    """SHA-256, in hex."""
    return sha256(token.encode()).hexdigest()


def record(identity: str = "0a0a0a0a", **changes: float | None) -> TokenRecord:
    """What is kept of a token."""
    text = token_text(identity, "t" * 43)
    return TokenRecord(
        id=identity,
        pool="linux",
        sha256=digest(text),
        created_at=0.0,
        not_after=changes.get("not_after"),
    )


def same(one: str, other: str) -> bool:
    """For tests the plain way."""
    return one == other


records = st.builds(
    TokenRecord,
    id=st.text("0123456789abcdef", min_size=8, max_size=8),
    pool=st.text(max_size=10),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    created_at=st.floats(0, 1e10),
    not_after=st.none() | st.floats(0, 1e10),
)


@given(st.lists(records, max_size=5))
def test_what_is_stored_is_read_back(found: list[TokenRecord]) -> None:
    book = TokenBook(records=tuple(found), resume_key=KEY)

    assert book_of(book_text(book)) == book


def test_what_is_stored_holds_no_token() -> None:
    assert TOKEN[12:] not in book_text(TokenBook(records=(record(),), resume_key=KEY))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", "{}", json.dumps({"version": 2, "resume_key": KEY, "tokens": []})]
    + [json.dumps({"version": 1, "resume_key": key, "tokens": []}) for key in ("", "zz", 7)]
    + [
        json.dumps({"version": 1, "resume_key": KEY, "tokens": [one]})
        for one in ({}, {"id": "1"}, 7, {**json.loads(book_text(TokenBook())), "id": "x"})
    ],
)
def test_what_we_did_not_write_is_unreadable_and_not_repeated(text: str) -> None:
    with pytest.raises(Unreadable) as wrong:
        book_of(text)

    assert not text or text not in str(wrong.value)


def test_a_token_is_good_until_its_end_and_no_other_is() -> None:
    book = TokenBook(records=(record(not_after=100.0), record("0b0b0b0b")), resume_key=KEY)

    found = record_of(book, TOKEN, 99.0, digest=digest(TOKEN), same=same)
    assert found == book.records[0]
    assert record_of(book, TOKEN, 100.0, digest=digest(TOKEN), same=same) is None
    other = token_text("0c0c0c0c", "t" * 43)
    assert record_of(book, other, 0.0, digest=digest(other), same=same) is None
    assert record_of(book, TOKEN[:-1], 0.0, digest=digest(TOKEN), same=same) is None


def test_the_key_of_names_outlives_every_token() -> None:
    book = with_record(TokenBook(), record(not_after=10.0), resume_key=KEY)
    book = with_record(pruned(book, 20.0), record("0b0b0b0b"), resume_key="dd" * 32)

    assert book.resume_key == KEY
    assert [one.id for one in book.records] == ["0b0b0b0b"]


def test_a_token_that_is_not_there_cannot_be_revoked() -> None:
    book = TokenBook(records=(record(),), resume_key=KEY)

    assert without(book, "0a0a0a0a").records == ()
    with pytest.raises(Refusal, match=r"token revoke: 'ffffffff': .*0a0a0a0a"):
        without(book, "ffffffff")
