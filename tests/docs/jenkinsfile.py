"""Declarative pipelines, as far as they can be checked without a Jenkins.

Which sections and directives may stand where is read off
https://www.jenkins.io/doc/book/pipeline/syntax/; what Groovy stands in `script` and `expression`
is left to Groovy.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<skip>[ \t]+|//[^\n]*|/\*.*?\*/)|(?P<end>\n|;)
    |(?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(?P<word>[\w.$]+)|(?P<sign>.)""",
    re.DOTALL | re.VERBOSE,
)
RAW = {"script", "expression"}
"""Blocks that hold Groovy."""

PIPELINE = {
    *("agent", "stages", "post", "environment", "options", "parameters", "tools", "triggers"),
    "libraries",
}
CONTENTS = {"steps", "stages", "parallel", "matrix"}
STAGE = {"agent", "post", "environment", "options", "tools", "input", "when", "failFast"} | CONTENTS
AGENTS = {"label", "node", "docker", "dockerfile", "kubernetes", "customWorkspace"}
STAGE_OPTIONS = {"skipDefaultCheckout", "timeout", "retry", "timestamps"}
OPTIONS = STAGE_OPTIONS | {
    *("buildDiscarder", "checkoutToSubdirectory", "disableConcurrentBuilds", "disableResume"),
    *("newContainerPerStage", "overrideIndexTriggers", "preserveStashes", "quietPeriod"),
    *("skipStagesAfterUnstable", "parallelsAlwaysFailFast", "disableRestartFromStage"),
}
PARAMETERS = {"string", "text", "booleanParam", "choice", "password"}
FLAGS = {"beforeAgent", "beforeInput", "beforeOptions"}
CONDITIONS = {
    *("branch", "buildingTag", "changelog", "changeset", "changeRequest", "environment", "equals"),
    *("expression", "tag", "not", "allOf", "anyOf", "triggeredBy"),
}
INPUT = {"message", "id", "ok", "submitter", "submitterParameter", "parameters"}
STEPS = {
    *("sh", "echo", "script", "dir", "checkout", "readFile", "writeFile", "withCredentials"),
    *("withEnv", "timeout", "retry", "catchError", "error", "archiveArtifacts", "junit"),
}
"""Steps that Jenkins has with the plugins it suggests; Jenkins itself knows more."""


@dataclass(frozen=True)
class Part:
    """A statement: its first word, the words after it, and its block where it has one."""

    name: str
    words: tuple[str, ...]
    line: int
    block: tuple["Part", ...] | None = None

    def text(self) -> str:
        """The one string that it is given; empty where it is given anything else."""
        given = [word for word in self.words if word not in {"(", ")"}]
        quoted = len(given) == 1 and given[0][0] in "'\""
        return re.sub(r"\\(.)", r"\1", given[0][1:-1]) if quoted else ""

    def part(self, name: str) -> "Part | None":
        """The first statement of that name in its block."""
        return next((part for part in self.block or () if part.name == name), None)


class UnreadableError(Exception):
    """The text is no sequence of statements and blocks."""


def parsed(text: str) -> tuple[Part, ...]:
    """The statements of a file.

    Raises:
        UnreadableError: a block is not closed, or one is closed that is not open.
    """
    tokens, line = [], 1
    for match in TOKEN.finditer(text):
        if match.lastgroup != "skip":
            tokens.append((match[0], line))
        line += match[0].count("\n")
    parts, rest = _block([*tokens, ("", line)])
    if rest[0][0] == "}":
        raise UnreadableError(f"line {rest[0][1]}: a block is closed that is not open")
    return parts


Tokens = list[tuple[str, int]]


def _block(tokens: Tokens) -> tuple[tuple[Part, ...], Tokens]:
    """Statements up to the end of their block, and what is left, from that end on."""
    parts: list[Part] = []
    while tokens[0][0] not in {"", "}"}:
        if tokens[0][0] in {"\n", ";"}:
            tokens = tokens[1:]
            continue
        part, tokens = _statement(tokens)
        parts.append(part)
    return tuple(parts), tokens


def _statement(tokens: Tokens) -> tuple[Part, Tokens]:
    (name, line), words, depth = tokens[0], [], 0
    tokens = tokens[1:]
    while depth or tokens[0][0] not in {"", "\n", ";", "{", "}"}:
        word, at = tokens.pop(0)
        if not word:
            raise UnreadableError(f"line {at}: a bracket is not closed")
        depth += (word in {"(", "["}) - (word in {")", "]"})
        words.append(word)
    if tokens[0][0] != "{":
        return Part(name, tuple(words), line), tokens
    block, rest = _raw(tokens[1:]) if name in RAW else _block(tokens[1:])
    if rest[0][0] != "}":
        raise UnreadableError(f"line {line}: the block of {name} is not closed")
    return Part(name, tuple(words), line, block), rest[1:]


def _raw(tokens: Tokens) -> tuple[tuple[Part, ...], Tokens]:
    depth = 0
    for number, (word, _) in enumerate(tokens):
        if word == "}" and not depth:
            return (), tokens[number:]
        depth += (word == "{") - (word == "}")
    return (), tokens[-1:]


def stages(part: Part) -> Iterator[Part]:
    """Every stage with steps of its own, in order."""
    for each in part.block or ():
        if each.name == "stage" and each.part("steps"):
            yield each
        yield from stages(each)


def commands(part: Part) -> Iterator[str]:
    """Every shell command in a block, in order."""
    for each in part.block or ():
        if each.name == "sh":
            yield each.text()
        yield from commands(each)


def faults(text: str) -> list[str]:
    """What Jenkins would refuse in a Jenkinsfile, each with its line."""
    try:
        parts = parsed(text)
    except UnreadableError as wrong:
        return [str(wrong)]
    if [part.name for part in parts] != ["pipeline"] or parts[0].block is None:
        return ["line 1: the file must be one pipeline block"]
    names = [each.text() for each in _all(parts[0], "stage")]
    twice = [f"line 1: stage {name!r} is there twice" for name in names if names.count(name) > 1]
    return [*twice, *_pipeline(parts[0])]


def _all(part: Part, name: str) -> Iterator[Part]:
    for each in part.block or ():
        if each.name == name:
            yield each
        yield from _all(each, name)


def _pipeline(part: Part) -> Iterator[str]:
    yield from _among(part, PIPELINE)
    for name in ("agent", "stages"):
        if part.part(name) is None:
            yield f"line {part.line}: pipeline lacks {name}"
    yield from _inside(part, OPTIONS, on_agent=_takes(part, on_agent=False))


def _takes(part: Part, *, on_agent: bool) -> bool:
    """Whether the steps of a pipeline or stage run on an agent."""
    agent = part.part("agent")
    return on_agent if agent is None else agent.words != ("none",)


def _inside(part: Part, options: set[str], *, on_agent: bool) -> Iterator[str]:
    """The faults of the sections of a pipeline or stage."""
    rules: dict[str, Callable[[Part], Iterator[str]]] = {
        "agent": _agent,
        "environment": _environment,
        "input": _input,
        "options": lambda each: _among(each, options),
        "parameters": _parameters,
        "when": _when,
    }
    for each in part.block or ():
        if each.name in rules:
            yield from rules[each.name](each)
        elif each.name in {"stages", "parallel"}:
            yield from _stages(each, on_agent=on_agent)
        elif each.name == "steps":
            yield from _steps(each, on_agent=on_agent)


def _stages(part: Part, *, on_agent: bool) -> Iterator[str]:
    if not part.block:
        yield f"line {part.line}: {part.name} is empty"
    for each in part.block or ():
        if each.name != "stage" or each.block is None or not each.text():
            yield f"line {each.line}: {part.name} holds {each.name}, must be stage('name') {{...}}"
            continue
        yield from _among(each, STAGE)
        if len([one for one in each.block if one.name in CONTENTS]) != 1:
            yield f"line {each.line}: stage needs exactly one of {', '.join(sorted(CONTENTS))}"
        yield from _inside(each, STAGE_OPTIONS, on_agent=_takes(each, on_agent=on_agent))


def _among(part: Part, allowed: set[str]) -> Iterator[str]:
    """What a block holds that it must not, or twice."""
    names = [each.name for each in part.block or ()]
    for each in part.block or ():
        if each.name not in allowed:
            yield f"line {each.line}: {each.name} must not be in {part.name}"
        elif names.count(each.name) > 1:
            yield f"line {each.line}: {each.name} is in {part.name} twice"


def _agent(part: Part) -> Iterator[str]:
    if part.block is None and part.words not in {("any",), ("none",)}:
        yield f"line {part.line}: agent must be any, none or a block"
    yield from _among(part, AGENTS)


def _environment(part: Part) -> Iterator[str]:
    for each in part.block or ():
        value = " ".join(each.words)
        if not re.fullmatch(r"= (['\"].*['\"]|credentials \( '[^']+' \))", value):
            yield f"line {each.line}: {each.name} must be a text or credentials('id')"


def _input(part: Part) -> Iterator[str]:
    yield from _among(part, INPUT)
    if part.part("message") is None:
        yield f"line {part.line}: input lacks message"


def _parameters(part: Part) -> Iterator[str]:
    for each in part.block or ():
        if each.name not in PARAMETERS:
            yield f"line {each.line}: {each.name} must not be in parameters"
        if "name" not in each.words:
            yield f"line {each.line}: {each.name} lacks a name"


def _when(part: Part) -> Iterator[str]:
    yield from _among(part, CONDITIONS | FLAGS)
    if not [each for each in part.block or () if each.name in CONDITIONS]:
        yield f"line {part.line}: when has no condition"
    for each in part.block or ():
        if each.name in FLAGS and each.words not in {("true",), ("false",)}:
            yield f"line {each.line}: {each.name} must be true or false"


def _steps(part: Part, *, on_agent: bool) -> Iterator[str]:
    if not part.block:
        yield f"line {part.line}: steps is empty"
    for each in part.block or ():
        if each.name not in STEPS:
            yield f"line {each.line}: {each.name} is no step"
        if each.name == "sh" and not on_agent:
            yield f"line {each.line}: sh has no agent to run on"
