"""Registration tokens as they are kept: never themselves, only what tells that one is right.

A token is `wh_ID_SECRET`, its secret 32 bytes of chance: one round of SHA-256 hides it for good.
Several are valid at once, so that one can be replaced without a moment when none is.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from workhorse.core.errors import Refusal, Unreadable

_TOKEN = re.compile(r"wh_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
_ID = re.compile(r"[0-9a-f]{8}")
_DIGEST = re.compile(r"[0-9a-f]{64}")

VERSION = 1
"""Of the document below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """What is kept of one token."""

    id: str
    pool: str
    """The one pool that it lets agents into."""
    sha256: str
    """Of the whole token, in hex."""
    created_at: float
    not_after: float | None = None
    """When it ends; None for never."""

    def valid(self, now: float) -> bool:
        """It has not ended."""
        return self.not_after is None or now < self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBook:
    """All tokens, and the key by which an agent proves that a name was given to it."""

    records: tuple[TokenRecord, ...] = ()
    resume_key: str = ""
    """Hex; made with the first token and kept for ever, for agents outlive tokens."""


def token_text(identity: str, secret: str) -> str:
    """The token as its holder keeps it."""
    return f"wh_{identity}_{secret}"


def record_of(
    book: TokenBook, token: str, now: float, *, digest: str, same: Callable[[str, str], bool]
) -> TokenRecord | None:
    """The valid record of a token; None for one that is none, unknown or over.

    Args:
        book: what is kept.
        token: as somebody brought it.
        now: seconds since the epoch.
        digest: the token's SHA-256, in hex.
        same: compares in a time that tells nothing.
    """
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    for record in book.records:
        if record.id == found[1] and same(record.sha256, digest):
            return record if record.valid(now) else None
    return None


def with_record(book: TokenBook, record: TokenRecord, *, resume_key: str) -> TokenBook:
    """The book with one more token; `resume_key` is taken where it has none yet."""
    records = (*book.records, record)
    return TokenBook(records=records, resume_key=book.resume_key or resume_key)


def without(book: TokenBook, identity: str) -> TokenBook:
    """The book without a token.

    Raises:
        Refusal: there is none of that id.
    """
    kept = tuple(record for record in book.records if record.id != identity)
    if len(kept) == len(book.records):
        known = ", ".join(record.id for record in book.records) or "none"
        raise Refusal(f"token revoke: {identity!r}: must be the id of a token ({known})")
    return TokenBook(records=kept, resume_key=book.resume_key)


def pruned(book: TokenBook, now: float) -> TokenBook:
    """The book without tokens that are over."""
    kept = tuple(record for record in book.records if record.valid(now))
    return TokenBook(records=kept, resume_key=book.resume_key)


def book_text(book: TokenBook) -> str:
    """The book as it is stored."""
    records = [asdict(record) for record in book.records]
    document = {"version": VERSION, "resume_key": book.resume_key, "tokens": records}
    return json.dumps(document, separators=(",", ":"))


def book_of(text: str) -> TokenBook:
    """The book that was stored.

    Raises:
        Unreadable: it is something else.
    """
    try:
        document = json.loads(text)
        records = tuple(TokenRecord(**one) for one in document["tokens"])
        key = document["resume_key"]
        sound = document["version"] == VERSION and _DIGEST.fullmatch(key) and _sound(records)
    except (ValueError, LookupError, TypeError):
        sound = None
    if not sound:
        # What it holds is not told: it may be a secret that somebody put there by mistake.
        raise Unreadable("the registration tokens are not as we write them")
    return TokenBook(records=records, resume_key=key)


def _sound(records: Iterable[TokenRecord]) -> bool:
    return all(_ID.fullmatch(one.id) and _DIGEST.fullmatch(one.sha256) for one in records)
