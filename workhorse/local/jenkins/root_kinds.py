"""How the controller itself looks in the remote API."""

from workhorse.core.labels import Atom
from workhorse.local.jenkins import job_kinds, label_kinds
from workhorse.local.jenkins.exporting import ALWAYS, Bean, Property
from workhorse.local.jenkins.permissions import ANONYMOUS, User
from workhorse.local.jenkins.view import View


def root_bean(view: View) -> Bean:
    """The controller."""
    return Bean("hudson.model.Hudson", _ROOT, view)


def who_am_i(user: User) -> Bean:
    """Who asks."""
    return Bean("hudson.security.WhoAmI", _WHO, user)


def _authorities(user: User) -> list[str]:
    return ["anonymous"] if user is ANONYMOUS else ["authenticated"]


def _jobs(view: View) -> list[Bean]:
    if not view.sees_jobs:
        return []
    return job_kinds.job_beans(view, "")


def _view(view: View) -> Bean:
    return Bean("hudson.model.AllView", _VIEW, view)


_WHO = (
    Property("anonymous", lambda user: user is ANONYMOUS),
    Property("authenticated", lambda _: True),
    Property("authorities", _authorities),
    Property("name", lambda user: user.name),
)
_VIEW = (
    Property("name", lambda _: "all", ALWAYS),
    Property("url", lambda view: view.root, ALWAYS),
)
_ROOT = (
    Property(
        "assignedLabels",
        lambda view: [label_kinds.label_bean(view, Atom("built-in"), declared=True)],
    ),
    Property("mode", lambda _: "NORMAL"),
    Property("nodeDescription", lambda view: view.world.built_in.description),
    Property("nodeName", lambda _: ""),
    Property("numExecutors", lambda _: 0),
    Property("description", lambda _: None),
    Property("jobs", _jobs),
    Property("overallLoad", lambda view: _declared(label_kinds.overall_bean(view))),
    Property("primaryView", _view),
    Property("quietDownReason", lambda view: view.world.quiet_reason),
    Property("quietingDown", lambda view: view.world.quieting),
    Property("slaveAgentPort", lambda _: -1),
    Property("unlabeledLoad", label_kinds.unlabeled_bean),
    Property("url", lambda view: view.root),
    Property("useCrumbs", lambda _: True),
    Property("useSecurity", lambda _: True),
    Property("views", lambda view: [_view(view)]),
)


def _declared(bean: Bean) -> Bean:
    return Bean(bean.java_class, bean.properties, bean.subject, declared=True)
