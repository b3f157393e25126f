"""When agents first connected, as the stand-in alone remembers: no Jenkins tells."""

from workhorse.local.agent.metadata import SWARM, Configuration
from workhorse.local.agent.registration import Swarm
from workhorse.local.demo.jenkins_api import JenkinsApi
from workhorse.local.jenkins.standin import JenkinsStandIn


def test_the_first_connection_of_each_node_is_remembered() -> None:
    """Not that of one that never came, and not a later one."""
    with JenkinsStandIn() as running:
        settings = Configuration(
            way=SWARM,
            jenkins_url=running.url,
            jenkins_user=running.user,
            labels="linux",
            directory="/agents",
            region="us-east-1",
        )
        for name in ("came", "stayed-away"):
            Swarm(settings, running.token, name).register()
        api = JenkinsApi(running.url, running.user, running.token)
        running.agent("came")
        begun = api.comings()
        running.kill_agent("came")
        running.advance(60)
        running.agent("came")
        assert api.comings() == begun
        assert begun.keys() == {"came"}
