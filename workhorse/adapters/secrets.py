"""Where secrets and parameters are read from; what is read is never logged or shown."""

from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from workhorse.adapters.session import AwsClients, told
from workhorse.core.errors import Refusal


def from_file(path: Path) -> str:
    """The secret in a file, without the line end.

    Raises:
        Refusal: the file cannot be read or is empty.
    """
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as wrong:
        raise Refusal(f"jenkins.token_file: {path}: cannot be read: {wrong}") from wrong
    if not secret:
        raise Refusal(f"jenkins.token_file: {path}: is empty")
    return secret


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
