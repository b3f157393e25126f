"""The metadata service of the instance, version 2.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
"""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from .exchange import Answer, FailedError, expect, received

ENDPOINT = "http://169.254.169.254"
"""Where it is on every instance."""

TOKEN_SECONDS = 21600
"""The longest life that it grants a token."""

ANSWER_SECONDS = 4.0
"""Longest wait for one answer: it is a service of this very host, and a notice must not wait."""

OK, UNAUTHORIZED, NOT_FOUND = 200, 401, 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The credentials of the instance's role, in AWS' words."""

    access_key: str
    secret_key: str
    token: str


class Metadata:
    """The service at `endpoint`. Every question raises OSError when nobody answers."""

    def __init__(self, endpoint: str, *, kept: bool = False) -> None:
        """Ask nothing yet; `endpoint` as http://host[:port][/path].

        With `kept` one connection is kept for all questions, until `close`.
        """
        self.endpoint = endpoint
        self._kept = kept
        self._parts = urlsplit(endpoint.rstrip("/") or ENDPOINT)
        self._connection: http.client.HTTPConnection | None = None
        self._token = ""

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def leaf(self, path: str) -> str:
        """The text at a path below `latest/`; raises FailedError when there is none."""
        return self._text(self._get(path), path)

    def maybe(self, path: str) -> str:
        """The text at a path that is there at times only; empty when it is not."""
        answer = self._get(path)
        return "" if answer.status == NOT_FOUND else self._text(answer, path)

    def region(self) -> str:
        """The instance's region."""
        return self.leaf("meta-data/placement/region")

    def domain(self) -> str:
        """What the names of AWS' services end with here, as `amazonaws.com`."""
        return self.leaf("meta-data/services/domain")

    def keys(self) -> Keys:
        """The credentials of the role, as they are now; raises FailedError when it has none."""
        below = "meta-data/iam/security-credentials/"
        role = self.leaf(below).split("\n")[0].strip()
        try:
            found = json.loads(self.leaf(below + role))
            return Keys(
                access_key=found["AccessKeyId"],
                secret_key=found["SecretAccessKey"],
                token=found["Token"],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise FailedError(f"metadata service: no credentials of {role}") from error

    def _text(self, answer: Answer, path: str) -> str:
        return expect(answer, OK, f"metadata service: {path}").body.decode("utf-8", "replace")

    def _get(self, path: str) -> Answer:
        """With the token there is; with a new one when that has ended."""
        answer = self._with_token(path) if self._token else None
        if answer is None or answer.status == UNAUTHORIZED:
            life = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)}
            granted = expect(self._ask("PUT", "api/token", life), OK, "metadata service")
            self._token = granted.body.decode()
            answer = self._with_token(path)
        return answer

    def _with_token(self, path: str) -> Answer:
        return self._ask("GET", path, {"X-aws-ec2-metadata-token": self._token})

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> Answer:
        """Over the connection that is kept; over a new one when the other side closed that."""
        if self._connection is not None:
            try:
                return self._over(self._connection, method, path, headers)
            except OSError:
                self._connection = None
        fresh = http.client.HTTPConnection(
            self._parts.hostname or "", self._parts.port, timeout=ANSWER_SECONDS
        )
        answer = self._over(fresh, method, path, headers)
        if self._kept:
            self._connection = fresh
        else:
            fresh.close()
        return answer

    def _over(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: dict[str, str],
    ) -> Answer:
        try:
            connection.request(method, f"{self._parts.path}/latest/{path}", headers=headers)
            return received(connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise ConnectionError(f"metadata service: {path}: {error!r}") from error
