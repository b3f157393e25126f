"""How what was given to a build looks in the remote API: its parameters and its causes."""

from collections.abc import Sequence

from workhorse.local.jenkins.exporting import Bean, Property
from workhorse.local.jenkins.jobs import Parameter
from workhorse.local.jenkins.runs import Cause


def actions(
    parameters: Sequence[Parameter], causes: Sequence[Cause], *, given: bool
) -> list[object]:
    """Actions of an item or a build; `given` keeps an empty list of parameters."""
    found: list[object] = []
    if given:
        found.append(Bean("hudson.model.ParametersAction", _PARAMETERS, parameters))
    if causes and causes[0].upstream:
        found.append({})
    if causes:
        found.append(Bean("hudson.model.CauseAction", _CAUSES, causes))
    return found


def _words(cause: Cause) -> str:
    if cause.upstream:
        return (
            f'Started by upstream project "{cause.upstream}" build number {cause.upstream_number}'
        )
    return f"Started by user {cause.user}"


def _cause(cause: Cause) -> Bean:
    if cause.upstream:
        return Bean("hudson.model.Cause$UpstreamCause", _UPSTREAM, cause)
    return Bean("hudson.model.Cause$UserIdCause", _USER, cause)


_WORDS = Property("shortDescription", _words, 3)
_USER = (
    _WORDS,
    Property("userId", lambda cause: cause.user, 3),
    Property("userName", lambda cause: cause.user, 3),
)
_UPSTREAM = (
    _WORDS,
    Property("upstreamBuild", lambda cause: cause.upstream_number, 3),
    Property("upstreamProject", lambda cause: cause.upstream, 3),
    Property("upstreamUrl", lambda cause: f"job/{cause.upstream}/", 3),
)
_CAUSES = (Property("causes", lambda causes: [_cause(each) for each in causes], 2),)
_PARAMETER = (
    Property("name", lambda parameter: parameter.name, 3),
    Property("value", lambda parameter: parameter.value, 3),
)
_PARAMETERS = (
    Property("parameters", lambda found: [Bean(p.java_class, _PARAMETER, p) for p in found], 2),
)
