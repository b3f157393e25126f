"""Chats, told over real HTTP on loopback; their URLs are secrets."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from workhorse.adapters.chat import Chat
from workhorse.core.errors import Refusal, Surprise

# Apprise looks, on its first use, for a module that Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

CANARY = "canaryTOKENcanaryTOKENcana"
"""The secret of every URL here, in a form that Mattermost's tokens have."""


@dataclass
class Webhook:
    """A chat's server: what it was told, and the status that it answers with."""

    port: int = 0
    status: int = 200
    told: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def url(self, scheme: str) -> str:
        """The address of this chat in apprise's form, with its secret."""
        return f"{scheme}://127.0.0.1:{self.port}/{CANARY}"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.told.append(json.loads(body))
            hook.paths.append(self.path)
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()


def test_a_slack_style_webhook_is_told_title_and_text(webhook: Webhook) -> None:
    """Mattermost's incoming webhook takes what Slack's takes, and may lie on any host."""
    Chat(webhook.url("mmost"), source="urls").tell("plan 3f2a", "1 to DESTROY\nlook & tell <me>")

    assert webhook.paths == [f"/hooks/{CANARY}"]
    text = webhook.told[0]["text"]
    assert "plan 3f2a" in text
    assert "1 to DESTROY\nlook & tell <me>" in text


@pytest.mark.parametrize(("alarming", "kind"), [(True, "warning"), (False, "info")])
def test_what_destroys_is_told_as_a_warning(webhook: Webhook, kind: str, *, alarming: bool) -> None:
    Chat(webhook.url("json"), source="urls").tell("title", "text", alarming=alarming)

    assert (webhook.told[0]["title"], webhook.told[0]["message"]) == ("title", "text")
    assert webhook.told[0]["type"] == kind


def test_every_chat_is_told_also_after_one_that_is_deaf(webhook: Webhook) -> None:
    urls = f"# ours\n\njson://127.0.0.1:1/{CANARY}\n  {webhook.url('json')}\n"
    with pytest.raises(Surprise, match=r"^not told: chat 1 of 2 \(JSON\)$"):
        Chat(urls, source="urls").tell("title", "text")

    assert len(webhook.told) == 1


@pytest.mark.parametrize("scheme", ["json", "mmost"])
def test_a_failure_shows_no_secret_anywhere(
    webhook: Webhook,
    scheme: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    webhook.status = 500
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Surprise) as told:
        Chat(webhook.url(scheme), source="urls").tell("title", "text")

    assert webhook.told
    said = "".join(capfd.readouterr()) + caplog.text + str(told.value) + repr(told.value)
    assert CANARY not in said


@pytest.mark.parametrize(
    "url",
    [f"nonsense://{CANARY}", f"https://example.com/{CANARY}", f"slack://{CANARY}", CANARY],
)
def test_a_wrong_url_is_named_by_its_line_and_not_shown(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Refusal, match=r"^chat\.urls_file: line 2: is no URL") as told:
        Chat(f"# first\n{url}\n", source="chat.urls_file")

    said = "".join(capfd.readouterr()) + caplog.text + str(told.value)
    assert CANARY not in said


@pytest.mark.parametrize("urls", ["", "\n# none\n"])
def test_no_url_at_all_is_refused(urls: str) -> None:
    with pytest.raises(Refusal, match=r"chat\.urls_file: must hold the URL of a chat"):
        Chat(urls, source="chat.urls_file")


def test_a_webhook_as_slack_shows_it_is_understood() -> None:
    url = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"

    assert [chat.service_name for chat in Chat(url, source="urls")._chats] == ["Slack"]
