"""What each call of the `Mailbox` port means."""

import pytest

from tests.contracts.stages import MailboxStage
from workhorse.core.errors import Missing, Surprise, Unreadable
from workhorse.loops.ports import Message

BODY = '{"LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "odd": "<&\\u00f6>"}'


def receive(stage: MailboxStage) -> Message:
    """The one message in the queue."""
    (message,) = stage.port.receive(stage.queue)
    return message


def test_an_empty_queue_answers_at_once(mailbox_stage: MailboxStage) -> None:
    assert list(mailbox_stage.port.receive(mailbox_stage.queue)) == []


def test_a_body_comes_untouched(mailbox_stage: MailboxStage) -> None:
    mailbox_stage.send(BODY)
    message = receive(mailbox_stage)
    assert message.body == BODY
    assert message.id
    assert message.receipt


def test_a_received_message_is_hidden_and_comes_back(mailbox_stage: MailboxStage) -> None:
    mailbox_stage.send(BODY)
    first = receive(mailbox_stage)
    assert list(mailbox_stage.port.receive(mailbox_stage.queue)) == []
    mailbox_stage.pass_time(31)
    again = receive(mailbox_stage)
    assert (again.id, again.body) == (first.id, BODY)


def test_a_held_message_stays_hidden_as_long_as_asked(mailbox_stage: MailboxStage) -> None:
    mailbox_stage.send(BODY)
    message = receive(mailbox_stage)
    mailbox_stage.port.hold(mailbox_stage.queue, message.receipt, 100)
    mailbox_stage.pass_time(60)
    assert list(mailbox_stage.port.receive(mailbox_stage.queue)) == []
    mailbox_stage.pass_time(41)
    assert receive(mailbox_stage).id == message.id


def test_a_message_held_for_no_time_is_there_again(mailbox_stage: MailboxStage) -> None:
    mailbox_stage.send(BODY)
    message = receive(mailbox_stage)
    mailbox_stage.port.hold(mailbox_stage.queue, message.receipt, 0)
    mailbox_stage.pass_time(1)
    assert receive(mailbox_stage).id == message.id


def test_a_forgotten_message_does_not_come_back(mailbox_stage: MailboxStage) -> None:
    mailbox_stage.send(BODY)
    message = receive(mailbox_stage)
    mailbox_stage.port.forget(mailbox_stage.queue, message.receipt)
    mailbox_stage.port.forget(mailbox_stage.queue, message.receipt)
    mailbox_stage.pass_time(3600)
    assert list(mailbox_stage.port.receive(mailbox_stage.queue)) == []


def test_a_forgotten_message_cannot_be_held(mailbox_stage: MailboxStage) -> None:
    mailbox_stage.send(BODY)
    message = receive(mailbox_stage)
    mailbox_stage.port.forget(mailbox_stage.queue, message.receipt)
    with pytest.raises(Missing):
        mailbox_stage.port.hold(mailbox_stage.queue, message.receipt, 10)


def test_no_more_than_ten_come_at_once_and_all_come_in_the_end(
    mailbox_stage: MailboxStage,
) -> None:
    for n in range(12):
        mailbox_stage.send(f"message {n}")
    found: set[str] = set()
    for _ in range(12):
        some = mailbox_stage.port.receive(mailbox_stage.queue)
        assert len(some) <= 10
        found |= {message.body for message in some}
    assert found == {f"message {n}" for n in range(12)}


def test_when_sqs_does_not_answer_receiving_fails_and_changes_are_surprises(
    mailbox_stage: MailboxStage,
) -> None:
    mailbox_stage.send(BODY)
    message = receive(mailbox_stage)
    mailbox_stage.shut()
    with pytest.raises(Unreadable):
        mailbox_stage.port.receive(mailbox_stage.queue)
    for change in (
        lambda: mailbox_stage.port.hold(mailbox_stage.queue, message.receipt, 1),
        lambda: mailbox_stage.port.forget(mailbox_stage.queue, message.receipt),
    ):
        with pytest.raises(Surprise) as failed:
            change()
        assert not isinstance(failed.value, Missing)
