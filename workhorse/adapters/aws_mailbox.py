"""The SQS queues of the pools."""

from collections.abc import Sequence

from botocore.exceptions import ClientError

from workhorse.adapters.session import AwsClients, changing, reading, says
from workhorse.core.errors import Missing
from workhorse.loops.ports import Message

LONGEST_HIDE_SECONDS = 43_200
"""Twelve hours, the most that SQS hides a message.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
"""

_GONE = ("InvalidParameterValue", "ReceiptHandleIsInvalid", "MessageNotInflight")


class SqsMailbox:
    """A `loops.ports.Mailbox`; how long a received message is hidden first, its queue says."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def receive(self, queue: str) -> Sequence[Message]:
        """Up to ten messages, at once, perhaps none.

        Raises:
            Unreadable: SQS does not answer, or has no such queue.
        """
        with reading(f"ReceiveMessage from {queue}"):
            answer = self._clients.sqs.receive_message(
                QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=0
            )
        return tuple(
            Message(id=found["MessageId"], receipt=found["ReceiptHandle"], body=found["Body"])
            for found in answer.get("Messages", ())
        )

    def hold(self, queue: str, receipt: str, seconds: int) -> None:
        """Hide the message for `seconds` from now.

        Raises:
            Missing: the message is deleted, or others see it already.
            Surprise: SQS does not answer.
        """
        what = f"ChangeMessageVisibility in {queue}"
        with changing(what):
            try:
                self._clients.sqs.change_message_visibility(
                    QueueUrl=queue,
                    ReceiptHandle=receipt,
                    VisibilityTimeout=min(max(seconds, 0), LONGEST_HIDE_SECONDS),
                )
            except ClientError as wrong:
                if _of_a_message_gone(wrong):
                    raise Missing(f"{what}: the message is not ours any more") from wrong
                raise

    def forget(self, queue: str, receipt: str) -> None:
        """Delete the message; done as well when it is deleted.

        Raises:
            Surprise: SQS does not answer.
        """
        with changing(f"DeleteMessage from {queue}"):
            try:
                self._clients.sqs.delete_message(QueueUrl=queue, ReceiptHandle=receipt)
            except ClientError as wrong:
                if not _of_a_message_gone(wrong):
                    raise


def _of_a_message_gone(wrong: ClientError) -> bool:
    """The receipt is of a message deleted or received anew; the query protocol puts AWS. first."""
    code = wrong.response.get("Error", {}).get("Code", "")
    return any(code.endswith(known) for known in _GONE) or any(says(wrong, k) for k in _GONE)
