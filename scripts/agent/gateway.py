"""The gateway as an agent speaks to it: who I am, here I am, may I go.

The contract is docs/gateway.md of the controller.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from .exchange import ANSWER_SECONDS, Answer, FailedError, ask
from .folder import keep_lease, lease_of

UNAUTHORIZED = 401
GOOD = range(200, 300)


class Gateway:
    """One gateway, spoken to under a lease that is kept in the run folder."""

    def __init__(
        self,
        url: str,
        claim: Callable[[Callable[[], str]], dict[str, object]],
        run: Path,
        *,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`claim` says who this is and is given what fetches a nonce; `seconds` for an answer."""
        self._url = url.rstrip("/")
        self._claim = claim
        self._run = run
        self._seconds = seconds

    def nonce(self) -> str:
        """A number that is good for one proof."""
        return str(self._post("/v1/nonce", {}).get("nonce", ""))

    def register(self) -> dict[str, object]:
        """Come in, or come in again: what the gateway answers. The lease is left in its file.

        Raises:
            FailedError: it refused, with its status; OSError: nobody answered.
        """
        answer = self._post("/v1/register", self._claim(self.nonce))
        keep_lease(self._run, text(answer, "lease"))
        return answer

    def call(
        self, method: str, path: str, body: Mapping[str, object], *, again: bool = True
    ) -> dict[str, object]:
        """Say something under the lease; with `again`, one that has ended is proved anew.

        Raises:
            FailedError: it refused, with its status; OSError: nobody answered.
        """
        try:
            return self._json(self._exchange(method, path, body, lease_of(self._run)), path)
        except FailedError as refused:
            if refused.status != UNAUTHORIZED or not again:
                raise
        self.register()
        return self._json(self._exchange(method, path, body, lease_of(self._run)), path)

    def tell_without_lease(self, body: Mapping[str, object]) -> None:
        """Why there is no agent here: said by one that was never let in, proved as to come in."""
        self._post("/v1/ask", {**body, **self._claim(self.nonce)})

    def file(self, digest: str) -> bytes:
        """A file of late configuration."""
        path = f"/v1/late/{digest}"
        return _good(self._exchange("GET", path, None, lease_of(self._run)), path).body

    def _post(self, path: str, body: Mapping[str, object]) -> dict[str, object]:
        return self._json(self._exchange("POST", path, body, ""), path)

    def _exchange(
        self, method: str, path: str, body: Mapping[str, object] | None, bearer: str
    ) -> Answer:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        data = json.dumps(body, ensure_ascii=False).encode() if body is not None else None
        return ask(method, self._url + path, headers, data, seconds=self._seconds)

    def _json(self, answer: Answer, path: str) -> dict[str, object]:
        found = _object(_good(answer, path).body)
        if found is None:
            raise FailedError(f"gateway: {path}: the answer is no JSON object")
        return found


def _good(answer: Answer, path: str) -> Answer:
    if answer.status in GOOD:
        return answer
    why = (_object(answer.body) or {}).get("error", "")
    raise FailedError(
        f"gateway: {path}: {answer.status} {why}".rstrip(),
        status=answer.status,
        retry_seconds=_seconds(answer.headers.get("retry-after", "")),
    )


def _object(body: bytes) -> dict[str, object] | None:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _seconds(retry_after: str) -> float:
    """Of a Retry-After in seconds; of one that is a date nothing is made."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        return 0.0


def text(answer: Mapping[str, object], key: str) -> str:
    """A text of the answer; raises FailedError when it is missing or something else."""
    value = answer.get(key)
    if not isinstance(value, str):
        raise FailedError(f"gateway: its answer has no {key}")
    return value
