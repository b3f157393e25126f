"""Registration tokens in one SSM parameter, a SecureString that holds hashes."""

from botocore.exceptions import ClientError

from workhorse.adapters.session import AwsClients, changing, reading, says
from workhorse.core.tokens import TokenBook, book_of, book_text


class SsmTokens:
    """A `loops.admittance.Tokens` that can be written; one writer at a time is a person.

    Args:
        clients: the clients of the region.
        parameter: name of the parameter.
    """

    def __init__(self, clients: AwsClients, parameter: str) -> None:
        self._clients = clients
        self._parameter = parameter

    def book(self) -> TokenBook:
        """All tokens; none where there is no parameter yet.

        Raises:
            Unreadable: SSM does not answer, or the parameter is something else.
        """
        with reading(f"GetParameter {self._parameter}"):
            try:
                answer = self._clients.ssm.get_parameter(Name=self._parameter, WithDecryption=True)
            except ClientError as wrong:
                if says(wrong, "ParameterNotFound"):
                    return TokenBook()
                raise
        return book_of(answer["Parameter"]["Value"])

    def keep(self, book: TokenBook) -> None:
        """Replace what is kept.

        Raises:
            Surprise: AWS refuses, as it does beyond 8 KiB: about 40 tokens.
        """
        with changing(f"PutParameter {self._parameter}"):
            self._clients.ssm.put_parameter(
                Name=self._parameter,
                Value=book_text(book),
                Type="SecureString",
                Tier="Intelligent-Tiering",
                Overwrite=True,
            )
