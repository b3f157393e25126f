"""The temporary credentials that EC2 hands to an instance for its role.

Each instance has its own, a session of the role that is named after it, and STS knows whose they
are: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
Times here are real seconds, not virtual ones: what signs with credentials, botocore before all,
reads its machine's clock.
"""

from dataclasses import dataclass

from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, sts_backends
from moto.utilities.utils import get_partition

LIFE_SECONDS = 6 * 3600
"""EC2's role credentials live about six hours."""

RENEWED_SECONDS = 3600.0
"""New ones are there so long before the old ones end; AWS promises five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Whose session the credentials are for, and where."""

    name: str
    arn: str
    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One set of temporary credentials; `expires` is a real epoch second."""

    instance: str
    key: str
    secret: str
    token: str
    expires: float


class Credentials:
    """All that were handed out. Callers hold the engine's lock."""

    def __init__(self) -> None:
        self._by_key: dict[str, Credential] = {}
        self._current: dict[str, Credential] = {}

    def of(self, instance: str, role: Role, wall: float) -> Credential:
        """The credentials of an instance at a real epoch second; new ones when they end soon."""
        found = self._current.get(instance)
        if found is None or found.expires - wall < RENEWED_SECONDS:
            found = _issued(instance, role, wall)
            self._current[instance] = self._by_key[found.key] = found
        return found

    def find(self, key: str) -> Credential | None:
        """Those with this access key, expired or not; None when they are none of ours."""
        return self._by_key.get(key)


def _issued(instance: str, role: Role, wall: float) -> Credential:
    """New credentials, which moto's STS tells as the role's session of that instance."""
    partition = get_partition(role.region)
    access = iam_backends[role.account][partition].create_temp_access_key()
    access.role_arn = role.arn
    session = AssumedRole(
        account_id=role.account,
        region_name=role.region,
        access_key=access,
        role_session_name=instance,
        role_arn=role.arn,
        policy="",
        duration=LIFE_SECONDS,
        external_id="",
    )
    sts_backends[role.account][partition].assumed_roles.append(session)
    return Credential(
        instance=instance,
        key=session.access_key_id,
        secret=session.secret_access_key,
        token=session.session_token,
        expires=wall + LIFE_SECONDS,
    )
