"""How labels and load statistics look in the remote API."""

from dataclasses import dataclass

from workhorse.core.labels import And, Atom, Expression, Iff, Implies, Not, Or, Paren
from workhorse.local.jenkins import job_kinds
from workhorse.local.jenkins.exporting import ALWAYS, Bean, Property
from workhorse.local.jenkins.labelling import Standing
from workhorse.local.jenkins.load import SERIES, Series
from workhorse.local.jenkins.nodes import Node
from workhorse.local.jenkins.view import View

_CLASSES: dict[type[Expression], str] = {
    Atom: "hudson.model.labels.LabelAtom",
    And: "hudson.model.labels.LabelExpression$And",
    Or: "hudson.model.labels.LabelExpression$Or",
    Not: "hudson.model.labels.LabelExpression$Not",
    Implies: "hudson.model.labels.LabelExpression$Implies",
    Iff: "hudson.model.labels.LabelExpression$Iff",
    Paren: "hudson.model.labels.LabelExpression$Paren",
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A label under a view."""

    view: View
    label: Expression

    @property
    def standing(self) -> Standing:
        """Its nodes and executors."""
        return self.view.standings.of(self.label)


def label_bean(view: View, label: Expression, *, declared: bool = False) -> Bean:
    """A label or an expression."""
    properties = _ATOM if isinstance(label, Atom) else _LABEL
    return Bean(_CLASSES[type(label)], properties, _Seen(view, label), declared)


def load_bean(view: View, label: Expression) -> Bean:
    """Load statistics of a label."""
    return Bean("hudson.model.Label$1", _LOAD, _LazyLoad(view, label))


def overall_bean(view: View) -> Bean:
    """Load statistics of everything."""
    load = view.controller.loads.overall
    return Bean("hudson.model.OverallLoadStatistics", _OVERALL, load)


def unlabeled_bean(view: View) -> Bean:
    """Load statistics of what asks for no label."""
    load = view.controller.loads.unlabeled
    return Bean("jenkins.model.UnlabeledLoadStatistics", _LOAD, load)


@dataclass(frozen=True, slots=True)
class _LazyLoad:
    """A label's load, followed only once somebody looks inside."""

    view: View
    label: Expression

    @property
    def series(self) -> dict[str, Series]:
        """The eight series."""
        return self.view.controller.loads.of(self.label).series


def node_bean(view: View, node: Node) -> Bean:
    """A node as a label lists it."""
    return Bean(node.java_class, _NODE, (view, node))


def label_beans(view: View, node: Node) -> list[Bean]:
    """The labels of a node, in the order of a hash table."""
    return [label_bean(view, Atom(name), declared=True) for name in sorted(node.labels, key=hash)]


def _description(seen: _Seen) -> str | None:
    if isinstance(seen.label, Atom):
        return None
    return "group of " + ",".join(node.name for node in seen.standing.nodes)


def _jobs(seen: _Seen) -> list[Bean]:
    if not seen.view.sees_jobs:
        return []
    found = seen.view.standings.tied_jobs(seen.label)
    return [job_kinds.job_bean(seen.view, job) for job in found]


def _average(name: str) -> Property:
    return Property(name, lambda series: Bean("", _LATEST, getattr(series, name), declared=True))


def _series(name: str) -> Property:
    return Property(
        name,
        lambda load: Bean(
            "hudson.model.MultiStageTimeSeries", _SCALES, load.series[name], declared=True
        ),
    )


_LATEST = (Property("latest", lambda value: value), Property("history", lambda value: [value]))
_SCALES = tuple(map(_average, ("hour", "min", "sec10")))
_LOAD = tuple(map(_series, SERIES))
_OVERALL = (
    *_LOAD,
    Property(
        "totalQueueLength",
        lambda load: Bean("", _SCALES, load.series["queueLength"], declared=True),
    ),
)

_LABEL = (
    Property("actions", lambda _: []),
    Property("busyExecutors", lambda seen: seen.standing.busy),
    Property("clouds", lambda _: []),
    Property("description", _description),
    Property("idleExecutors", lambda seen: seen.standing.idle),
    Property("loadStatistics", lambda seen: load_bean(seen.view, seen.label)),
    Property("name", lambda seen: str(seen.label), 2),
    Property("nodes", lambda seen: [node_bean(seen.view, each) for each in seen.standing.nodes]),
    Property("offline", lambda seen: seen.standing.offline),
    Property("tiedJobs", _jobs),
    Property("totalExecutors", lambda seen: seen.standing.total),
)
_ATOM = (*_LABEL, Property("propertiesList", lambda _: []))

_NODE = (
    Property("assignedLabels", lambda subject: label_beans(*subject)),
    Property("mode", lambda subject: "EXCLUSIVE" if subject[1].exclusive else "NORMAL"),
    Property("nodeDescription", lambda subject: subject[1].description),
    Property("nodeName", lambda subject: subject[1].name, ALWAYS),
    Property("numExecutors", lambda subject: subject[1].executors),
)
