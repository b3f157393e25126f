"""Users, their tokens and permissions, and the crumbs of their sessions."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

READ = "hudson.model.Hudson.Read"
ADMINISTER = "hudson.model.Hudson.Administer"
MANAGE = "hudson.model.Hudson.Manage"
JOB_READ = "hudson.model.Item.Read"
JOB_BUILD = "hudson.model.Item.Build"
JOB_CANCEL = "hudson.model.Item.Cancel"
JOB_CREATE = "hudson.model.Item.Create"
JOB_CONFIGURE = "hudson.model.Item.Configure"
JOB_DELETE = "hudson.model.Item.Delete"
RUN_UPDATE = "hudson.model.Run.Update"
AGENT_CONFIGURE = "hudson.model.Computer.Configure"
AGENT_CONNECT = "hudson.model.Computer.Connect"
AGENT_CREATE = "hudson.model.Computer.Create"
AGENT_DELETE = "hudson.model.Computer.Delete"
AGENT_DISCONNECT = "hudson.model.Computer.Disconnect"
METRICS_VIEW = "jenkins.metrics.api.Metrics.View"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with a password, an API token and permissions; ADMINISTER implies the rest."""

    name: str
    password: str = ""
    token: str = ""
    permissions: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        """Tell whether the user has a permission."""
        return permission in self.permissions or ADMINISTER in self.permissions


ANONYMOUS = User(name="anonymous")


@dataclass
class Security:
    """Who is known, and which sessions are open."""

    users: dict[str, User] = field(default_factory=dict)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    sessions: dict[str, str] = field(default_factory=dict)
    """Name of the user of each session."""
    tokens: dict[str, str] = field(default_factory=dict)
    """Name of the owner of each token that was generated later."""

    def add(self, user: User) -> None:
        """Let a user in."""
        self.users[user.name] = user

    def authenticate(self, name: str, secret: str) -> tuple[User, bool] | None:
        """The user, and whether it was by token; None when the secret is wrong."""
        user = self.users.get(name)
        if user is None or not secret:
            return None
        if self.tokens.get(secret) == name or _same(user.token, secret):
            return user, True
        return (user, False) if _same(user.password, secret) else None

    def open_session(self, user: User) -> str:
        """A new session's id."""
        session = secrets.token_hex(12)
        self.sessions[session] = user.name
        return session

    def crumb(self, user: User, session: str) -> str:
        """The crumb that a user's session must send with a POST."""
        words = f"{user.name};{session}".encode()
        return hmac.new(self.key, words, hashlib.sha256).hexdigest()

    def generate_token(self, user: User) -> str:
        """A new API token."""
        token = f"11{secrets.token_hex(16)}"
        self.tokens[token] = user.name
        return token

    def agent_secret(self, name: str) -> str:
        """The secret an agent connects with: a function of its name and the controller's key."""
        return hmac.new(self.key, f"agent;{name}".encode(), hashlib.sha256).hexdigest()

    def restarted(self) -> None:
        """Sessions do not outlive the controller."""
        self.sessions.clear()


def _same(expected: str, given: str) -> bool:
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode())
