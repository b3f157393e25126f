"""Jobs: what their config.xml says about parameters, place and work.

A freestyle or matrix job's work is its shell step; a pipeline is a sequence of `node` blocks.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from workhorse.core.labels import Expression, parse

if TYPE_CHECKING:
    from workhorse.local.jenkins.runs import Run

NODE_LABEL = "org.jvnet.jenkins.plugins.nodelabelparameter."
FREESTYLE = "hudson.model.FreeStyleProject"
MATRIX = "hudson.matrix.MatrixProject"
PIPELINE = "org.jenkinsci.plugins.workflow.job.WorkflowJob"

_CLASSES = {"project": FREESTYLE, "matrix-project": MATRIX, "flow-definition": PIPELINE}
_SLEEP = re.compile(r"""\bsleep\s+["']?(?:\$\{?(\w+(?:\.\w+)?)\}?|(\d+(?:\.\d+)?))["']?""")
_NODE_BLOCK = re.compile(
    r"""\bnode\s*(?:\(\s*(?:'([^']*)'|"([^"]*)"|params\.(\w+)|(\w+))?\s*\)\s*)?\{"""
)
_HARMLESS = re.compile(r"\s*(?:(?:echo\b[^;\n]*|:|true|set [-+]\w+|#!.*)\s*[;\n]\s*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value given to a build; `kind` is String, Boolean, Node or Label."""

    kind: str
    name: str
    value: str
    following: tuple[str, ...] | None = None
    """Further nodes of a node parameter; not None where a form or several values gave it."""

    @property
    def java_class(self) -> str:
        """The `_class` in JSON."""
        if self.kind in {"Node", "Label"}:
            return f"{NODE_LABEL}{self.kind}ParameterValue"
        return f"hudson.model.{self.kind}ParameterValue"

    @property
    def description(self) -> str:
        """How an item's `params` shows it."""
        if self.kind not in {"Node", "Label"}:
            return f"{self.name}={self.value}"
        more = f", nextNodes={','.join(self.following)}" if self.following else ""
        return f"[{self.kind}ParameterValue: {self.name}={self.value}{more}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A parameter that a job declares."""

    java_class: str
    kind: str
    name: str
    default: str | None
    """None where there is no default and an absent value stays absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a build does on its executor: wait, and perhaps run a command."""

    sleeps: tuple[str, ...] = ()
    """Seconds, or names of parameters that hold them; added up."""
    command: str = ""
    """A shell script that does more than sleeping; empty where there is none."""

    def seconds(self, environment: dict[str, str]) -> float:
        """How long it waits, in virtual seconds."""
        total = 0.0
        for each in self.sleeps:
            text = environment.get(each, each)
            total += float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A `node` block of a pipeline; `parameter` names the build parameter holding the label."""

    label: str
    parameter: str
    work: Work


@dataclass
class Job:
    """A job, its present configuration and its builds by number."""

    name: str
    """With the folders that it is in, as `team/job`."""
    document: str
    java_class: str
    label: Expression | None = None
    definitions: tuple[Definition, ...] = ()
    discards: bool = False
    """It has a property that says how long builds are kept."""
    disabled: bool = False
    concurrent: bool = False
    quiet_period: float | None = None
    description: str = ""
    work: Work = Work()
    blocks: tuple[Block, ...] = ()
    axes: tuple["Axis", ...] = ()
    sequential: bool = False
    runs: dict[int, "Run"] = field(default_factory=dict)
    next_number: int = 1

    @property
    def flyweight(self) -> bool:
        """Its builds run on a one-off executor and give the work to others."""
        return self.java_class in {MATRIX, PIPELINE}

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts of its path below the root URL, a pair for each folder that it is in."""
        return tuple(part for each in self.name.split("/") for part in ("job", each))

    @property
    def path(self) -> str:
        """Where it lives below the root URL."""
        return "/".join(self.segments) + "/"

    @property
    def short_name(self) -> str:
        """Its name within its folder."""
        return self.name.rpartition("/")[2]

    def last(self) -> "Run | None":
        """The newest build."""
        return self.runs[max(self.runs)] if self.runs else None

    def running(self) -> "Run | None":
        """The oldest build that has not ended."""
        return next((run for run in self.runs.values() if run.building), None)

    def configure(self, document: str, root: ET.Element) -> None:
        """Take over what a posted config.xml says; raises KeyError on an unknown kind."""
        self.java_class = _CLASSES[root.tag]
        self.document = document
        roams = (root.findtext("canRoam") or "true").strip() == "true"
        assigned = (root.findtext("assignedNode") or "").strip()
        self.label = parse(assigned) if assigned and not roams else None
        self.definitions = tuple(map(_definition, root.iterfind(".//parameterDefinitions/*")))
        self.discards = root.find("properties/jenkins.model.BuildDiscarderProperty") is not None
        self.disabled = _flag(root, "disabled")
        self.concurrent = _flag(root, "concurrentBuild") or self.java_class == PIPELINE
        quiet = root.findtext("quietPeriod")
        self.quiet_period = float(quiet) if quiet else None
        self.description = root.findtext("description") or ""
        self.work = shell_work("\n".join(_commands(root)))
        self.blocks = _blocks(root.findtext("definition/script") or "")
        self.axes = tuple(map(_axis, root.iterfind("axes/*")))
        self.sequential = _flag(root, "executionStrategy/runSequentially")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A matrix axis: fixed values, or with `expands` every node of those labels."""

    name: str
    values: tuple[str, ...]
    expands: tuple[str, ...] = ()
    online_only: bool = False
    labelled: bool = True
    """Its values are labels that the children run on."""


def new_job(name: str, document: str, root: ET.Element) -> Job:
    """Make a job from config.xml; raises KeyError when its kind is unknown."""
    job = Job(name=name, document=document, java_class=FREESTYLE)
    job.configure(document, root)
    return job


def shell_work(script: str) -> Work:
    """Read a shell step: the sleeping it does, and the script when it does anything else."""
    sleeps = tuple(name.split(".")[-1] or number for name, number in _SLEEP.findall(script))
    rest = _SLEEP.sub("", script)
    idle = not rest.strip(" ;\n") or _HARMLESS.fullmatch(rest.strip(" \n") + ";")
    return Work(sleeps=sleeps, command="" if idle else script)


def _commands(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iterfind("builders/hudson.tasks.Shell/command")]


def _flag(root: ET.Element, path: str) -> bool:
    return (root.findtext(path) or "").strip() == "true"


def _definition(element: ET.Element) -> Definition:
    simple = element.tag.rsplit(".", 1)[1].removesuffix("ParameterDefinition")
    kind = simple if simple in {"Node", "Label", "Boolean"} else "String"
    default = element.findtext("defaultValue")
    if simple == "Choice":
        default = element.findtext(".//string") or ""
    if kind != "Node" and default is None:
        default = ""
    name = element.findtext("name") or ""
    return Definition(java_class=element.tag, kind=kind, name=name, default=default)


def _axis(element: ET.Element) -> Axis:
    values = tuple(each.text or "" for each in element.iterfind("values/string"))
    expands: tuple[str, ...] = ()
    if element.tag.endswith("ElasticAxis"):
        expands = tuple(each.strip() for each in (element.findtext("label") or "").split(","))
    return Axis(
        name=element.findtext("name") or "",
        values=values,
        expands=expands,
        online_only=_flag(element, "ignoreOffline"),
        labelled="Text" not in element.tag,
    )


def _blocks(script: str) -> tuple[Block, ...]:
    found = []
    starts = list(_NODE_BLOCK.finditer(script))
    ends = [*(match.start() for match in starts), len(script)][1:]
    for match, end in zip(starts, ends, strict=True):
        single, double, parameter, word = match.groups()
        body = script[match.end() : end]
        sleeps = shell_work(body).sleeps
        label = single or double or ""
        if label.startswith("${") and label.endswith("}"):
            label, parameter = "", label[2:-1].removeprefix("params.")
        found.append(
            Block(label=label, parameter=parameter or word or "", work=Work(sleeps=sleeps))
        )
    return tuple(found)
