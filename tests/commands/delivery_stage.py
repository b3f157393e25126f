"""A place to deliver from: a root module without a provider, settings, and a chat of our own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.sources import ROOT
from workhorse.__main__ import main

CANARY = "hunter2canary"
"""A part of every secret: where it shows, a secret was told."""

CONFIGURATION = """
variable "size" {
  type    = number
  default = 1
}
variable "token" {
  type      = string
  sensitive = true
  default   = "none"
}
variable "careless" {
  type    = string
  default = ""
}
variable "images" {
  type    = map(string)
  default = {}
}
resource "terraform_data" "pool" {
  input = { size = var.size, token = var.token, careless = var.careless, images = var.images }
}
resource "terraform_data" "template" {
  triggers_replace = [var.size]
}
output "size" {
  value = terraform_data.pool.output.size
}
output "token" {
  value     = var.token
  sensitive = true
}
"""

SETTINGS = """
[jenkins]
url = "https://jenkins.example.com/"
user = "workhorse"
token_file = "token"
[aws]
region = "eu-west-1"
{aws}
[journal]
path = "journal.jsonl"
[store]
prefix = "{prefix}"
[delivery]
directory = "{folder}/root"
plans = "{folder}/plans"
tools = "{root}/.tools"
lock_seconds = {lock_seconds}
{delivery}
[chat]
{chat}
[[pool]]
name = "linux"
labels = ["linux"]
ceiling = 4
group = "workhorse-linux"
[[pool]]
policy_parameter = "/workhorse/pools/tests/policy"
group = "workhorse-tests"
"""


@dataclass
class Webhook:
    """A chat: what it was told, as title and text, and the status that it answers with."""

    port: int = 0
    status: int = 200
    told: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A chat on loopback that listens until the end."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hook.told.append((told["title"], told["message"]))
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


@dataclass
class Stage:
    """The place, and the words that were said to people there."""

    folder: Path
    capfd: pytest.CaptureFixture[str]
    said: str = ""

    def configure(
        self,
        *,
        delivery: str = "",
        chat: str = "",
        aws: str = "",
        prefix: str = "",
        lock_seconds: int = 0,
    ) -> None:
        """Write the settings, with more lines in some of their sections."""
        text = SETTINGS.format(
            folder=self.folder,
            root=ROOT,
            lock_seconds=lock_seconds,
            delivery=delivery,
            chat=chat,
            aws=aws,
            prefix=prefix,
        )
        self.config.write_text(text)

    @property
    def config(self) -> Path:
        """The settings' file."""
        return self.folder / "workhorse.toml"

    @property
    def plans(self) -> Path:
        """The folder of plans."""
        return self.folder / "plans"

    def run(self, *words: str) -> int:
        """Run a command; what it says goes to `said`, also on standard output for a failure."""
        status = main([*words, "--config", str(self.config)])
        heard = self.capfd.readouterr()
        self.said = heard.out + heard.err
        return status

    def plan(self, *words: str, size: int | None = None) -> str:
        """Plan the root as it is, or for another size first; the digest."""
        if size is not None:
            (self.folder / "root/size.auto.tfvars.json").write_text(json.dumps({"size": size}))
        digest = self.folder / "digest"
        assert self.run("plan", "--by", "ann", "--digest-file", str(digest), *words) == 0, self.said
        return digest.read_text().strip()

    def approved(self, *words: str, size: int | None = None) -> str:
        """The digest of a plan that bob approved."""
        digest = self.plan(*words, size=size)
        assert self.run("approve", digest, "--by", "bob", "--where", "desk") == 0, self.said
        return digest

    def size(self) -> int | None:
        """The size that was applied last; None before any."""
        try:
            state = json.loads((self.folder / "root/terraform.tfstate").read_text())
        except FileNotFoundError:
            return None
        found: dict[str, Any] = state["outputs"].get("size", {})
        return found.get("value")

    def standing(self, digest: str) -> str:
        """Where a plan stands, as `plans` tells it."""
        assert self.run("plans", "--json", "--digest", digest) == 0
        (row,) = json.loads(self.said)
        return str(row["standing"])
