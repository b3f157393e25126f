"""Where secrets and parameters are read from; what is read is never logged or shown."""

from pathlib import Path
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from workhorse.adapters.session import AwsClients, told
from workhorse.core.errors import Refusal


class TokenPlace(Protocol):
    """Where Jenkins' API token is: one of the three is named, the others are empty."""

    @property
    def token_file(self) -> str:
        """A file."""

    @property
    def token_parameter(self) -> str:
        """An SSM parameter."""

    @property
    def token_secret(self) -> str:
        """A secret of Secrets Manager."""


def jenkins_token(clients: AwsClients, place: TokenPlace) -> str:
    """Jenkins' API token.

    White space around it is none of it: who stores a file stores the end of its line.

    Raises:
        Refusal: it cannot be read, is empty, or has a white space within.
    """
    if place.token_file:
        return from_file(Path(place.token_file))
    if name := place.token_parameter:
        return _token(f"jenkins.token_parameter: {name}", from_parameter(clients, name))
    name = place.token_secret
    return _token(f"jenkins.token_secret: {name}", from_secret(clients, name))


def _token(source: str, text: str) -> str:
    words = text.split()
    if len(words) != 1:
        raise Refusal(f"{source}: {'holds more than a token' if words else 'is empty'}")
    return words[0]


def from_file(path: Path) -> str:
    """Jenkins' API token in a file, without the white space around it.

    Raises:
        Refusal: the file cannot be read, is empty, or holds more than a token.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise Refusal(f"jenkins.token_file: {path}: cannot be read: {wrong}") from wrong
    return _token(f"jenkins.token_file: {path}", text)


def from_parameter(clients: AwsClients, name: str) -> str:
    """The value of an SSM parameter, decrypted.

    Raises:
        Refusal: there is none, or we may not read it.
    """
    try:
        answer = clients.ssm.get_parameter(Name=name, WithDecryption=True)
    except (ClientError, BotoCoreError) as wrong:
        raise Refusal(f"SSM parameter {name}: {told(wrong)}") from wrong
    return answer["Parameter"]["Value"]


def from_secret(clients: AwsClients, name: str) -> str:
    """The text of a Secrets Manager secret.

    Raises:
        Refusal: there is none, we may not read it, or it holds no text.
    """
    try:
        answer = clients.secretsmanager.get_secret_value(SecretId=name)
    except (ClientError, BotoCoreError) as wrong:
        raise Refusal(f"secret {name}: {told(wrong)}") from wrong
    if "SecretString" not in answer:
        raise Refusal(f"secret {name}: must hold text")
    return str(answer["SecretString"])
