"""agent.jar of the stand-in: what a gateway measures and an agent downloads."""

import hashlib
import io
import zipfile

import pytest
import requests

from workhorse.adapters.jenkins_nodes import JenkinsNodes
from workhorse.local.jenkins.jar import SIZE, agent_jar
from workhorse.local.jenkins.standin import JenkinsStandIn


@pytest.mark.parametrize("version", ["2.462.3", "2.541.2"])
def test_anybody_gets_the_jar_whose_digest_the_gateway_tells(version: str) -> None:
    """Without credentials, and as long as the real one."""
    with JenkinsStandIn(version=version) as running:
        answer = requests.get(f"{running.url}jnlpJars/agent.jar", timeout=10)
        digest = JenkinsNodes(running.url, running.user, running.token).jar_digest()
    assert (answer.status_code, len(answer.content) >= SIZE) == (200, True)
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    assert answer.content == agent_jar(version)
    assert digest == hashlib.sha256(answer.content).hexdigest()


def test_another_core_has_another_jar() -> None:
    """An agent that kept the old one notices."""
    assert agent_jar("2.462.3") != agent_jar("2.541.2")
