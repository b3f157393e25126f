"""A conversation with the Jenkins that the settings name, for commands that need one."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from workhorse.adapters import secrets
from workhorse.adapters.jenkins_http import JenkinsHttp
from workhorse.adapters.session import AwsClients
from workhorse.core.model import Pool
from workhorse.core.orders import RolloutPolicy
from workhorse.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Jenkins, and the pools as the settings and SSM have them."""

    http: JenkinsHttp
    pools: Sequence[Pool]
    rollouts: Mapping[str, RolloutPolicy]
    """What a rollout may do, by the pool's name."""


@contextmanager
def opened(settings: Settings) -> Iterator[Conversation]:
    """Nobody is asked before the first request but SSM or Secrets Manager, where they hold things.

    Raises:
        Refusal: what the settings name there is not there.
    """
    clients = AwsClients(settings.aws.region, settings.aws.endpoint)
    try:
        jenkins = settings.jenkins
        token = secrets.jenkins_token(clients, jenkins)
        pools = settings.pools(lambda name: secrets.from_parameter(clients, name))
        yield Conversation(
            http=JenkinsHttp(jenkins.url, jenkins.user, token),
            pools=pools,
            rollouts=settings.rollouts(pools),
        )
    finally:
        clients.close()
