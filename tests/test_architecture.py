"""The rules between modules, read off the syntax trees.

Each rule is one sentence here and one table or list; what is excepted stands in it by name with
its reason. `workhorse/local` is an embedded cloud: a product beside the product, with processes,
clocks and a server of its own. The import rules and the budgets hold there; the Rule of One does
not, for it counts what the controller may do.
"""

import ast
from collections.abc import Iterator

import pytest

from scripts import sources
from tests.trees import Module, length, modules, package

ROOT = sources.ROOT

# --- Who may import whom -------------------------------------------------------------------------

EMULATORS = ("workhorse.local.aws", "workhorse.local.jenkins", "workhorse.local.agent")

MAY_IMPORT = {
    "workhorse.core": (),
    # Ports are Protocols beside their consumer; the dataclasses that cross them are there too.
    "workhorse.adapters": (
        "workhorse.core",
        "workhorse.loops.agent_ports",
        "workhorse.loops.ports",
    ),
    "workhorse.loops": ("workhorse.core",),
    "workhorse.sim": ("workhorse.core", "workhorse.loops", "workhorse.plugins"),
    "workhorse.plugins": ("workhorse.core", "workhorse.settings.faults"),
    "workhorse.executors": ("workhorse.core", "workhorse.loops.ports", "workhorse.adapters.lock"),
    "workhorse.trace": ("workhorse.core", "workhorse.loops.ports", "workhorse.adapters"),
    "workhorse.web": ("workhorse.core",),
    "workhorse.settings": ("workhorse.core",),
    # Wire formats only: an emulator that shared our reading of AWS would agree with our mistakes.
    # Label expressions are the exception, tested apart against recorded answers (decision 0006).
    **dict.fromkeys(
        EMULATORS,
        (
            "workhorse.local.clock",
            "workhorse.local.jenkins.agent_link",
            "workhorse.core.labels",
            "workhorse.core.errors",
            "workhorse.adapters.clock",
        ),
    ),
    "workhorse.local.clock": ("workhorse.adapters.clock",),
    # The demo applies real Terraform and starts the controller as a process: it never imports it.
    "workhorse.local.demo": (
        "workhorse.local",
        "workhorse.core.labels",
        "workhorse.core.errors",
        "workhorse.adapters.clock",
        "workhorse.adapters.terraform",
        "workhorse.adapters.terraform_override",
        "workhorse.adapters.toolchain",
    ),
    # The documents are generated from the package and its command line; the tools are fetched
    # through its adapter.
    "scripts": (
        *("workhorse.core", "workhorse.settings", "workhorse.__main__"),
        "workhorse.adapters.toolchain",
    ),
    "tasks": ("workhorse.wiring",),
}

SEE_ALL = (
    "workhorse.wiring",
    "workhorse.gatehouse",
    "workhorse.__main__",
    "workhorse.commands",
)
"""Each command wires what it alone needs, as `wiring` does for the loops.

`gatehouse` is the part of `wiring` that puts the gateway together.
"""

PURE = frozenset(
    {
        *("abc", "bisect", "collections", "dataclasses", "enum", "fnmatch", "functools"),
        *("heapq", "html"),
        *("itertools", "json", "math", "operator", "re", "statistics", "string", "textwrap"),
        *("typing", "xml", "zoneinfo"),
    }
)
"""What the core may use of the standard library: none of it knows the time or the outside.

`zoneinfo` reads the table of time zones, for windows of the week: constant as a calendar.
`datetime` too, for parsing and printing times; see `CLOCKS`.
"""

CLOCKS = {"time.time", "time.monotonic", "time.perf_counter", "time.time_ns"} | {
    f"{name}.{call}"
    for name in ("datetime", "datetime.datetime", "dt.datetime", "date", "datetime.date")
    for call in ("now", "utcnow", "today")
}


def product() -> list[Module]:
    """The package without the embedded cloud."""
    return [m for m in package("workhorse") if not m.within("workhorse.local")]


def zone_of(module: Module) -> str | None:
    """The longest zone of `MAY_IMPORT` that holds the module."""
    zones = [zone for zone in MAY_IMPORT if module.within(zone)]
    return max(zones, key=len, default=None)


def allowed(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


@pytest.mark.parametrize("module", package("workhorse"), ids=lambda module: module.name)
def test_a_module_imports_only_what_its_place_allows(module: Module) -> None:
    zone = zone_of(module)
    if zone is None:
        assert module.name == "workhorse" or allowed(module.name, ("workhorse.local", *SEE_ALL))
        return
    may = (*MAY_IMPORT[zone], zone)
    wrong = [n for n in module.imports() if n.startswith("workhorse") and not allowed(n, may)]

    assert wrong == [], f"{module.name} lies in {zone}"


def test_tasks_and_scripts_reach_the_package_by_its_doors_only() -> None:
    wrong = [
        (module.name, name)
        for module in modules()
        for zone in ("scripts", "tasks")
        if module.within(zone)
        for name in module.imports()
        if name.startswith("workhorse") and not allowed(name, MAY_IMPORT[zone])
    ]

    assert wrong == []


def test_the_core_imports_nothing_that_knows_the_outside() -> None:
    wrong = [
        (module.name, name)
        for module in package("workhorse.core")
        for name in module.imports()
        if not name.startswith("workhorse.") and name.split(".")[0] not in PURE | {"datetime"}
    ]

    assert wrong == []


def test_nobody_outside_the_tests_imports_them() -> None:
    wrong = [
        (module.name, name)
        for module in modules()
        if not module.within("tests")
        for name in module.imports()
        if name.split(".")[0] in {"tests", "pytest", "hypothesis"}
    ]

    assert wrong == []


# --- The Rule of One -----------------------------------------------------------------------------


def where(found: Iterator[str]) -> list[str]:
    return sorted(set(found))


def test_one_endless_loop() -> None:
    """`forever` waits on its clock; any other `while True` needs a name and a reason here."""
    ends_by_itself = {
        "workhorse.sim.stage": "starts the controller again until a start survives its crash plan",
        "workhorse.adapters.journal": "reads a file backwards to its beginning",
    }
    found = where(
        module.name
        for module in product()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant)
    )

    assert set(found) <= set(ends_by_itself)
    waits = where(
        module.name
        for module in product()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.While) and ".wait(" in ast.unparse(node.test)
    )
    assert waits == ["workhorse.loops.forever"]


def test_nobody_sleeps() -> None:
    """Waiting goes through a clock's `wait`, which a stop cuts short and a test moves on."""
    assert [
        (module.name, name)
        for module in product()
        for name in module.attributes()
        if name.endswith(".sleep")
    ] == []


def test_one_real_clock() -> None:
    """Time is an argument everywhere else."""
    found = where(m.name for m in product() for name in m.attributes() if name in CLOCKS)

    assert found == ["workhorse.adapters.clock"]


def test_one_reader_of_the_environment() -> None:
    found = where(
        module.name
        for module in product()
        for name in module.attributes()
        if name in {"os.environ", "os.getenv", "os.environb"}
    )

    assert set(found) <= {"workhorse.wiring"}


def test_one_boto3_factory() -> None:
    found = where(m.name for m in product() for n in m.imports() if n.split(".")[0] == "boto3")

    assert found == ["workhorse.adapters.session"]


def effects() -> set[str]:
    """The names of the effect classes."""
    (module,) = package("workhorse.core.effects")
    return {node.name for node in module.tree.body if isinstance(node, ast.ClassDef)}


def test_one_match_over_effects() -> None:
    """What an effect does to the world is written once."""
    found = where(
        module.name
        for module in product()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Match)
        for pattern in ast.walk(node)
        if isinstance(pattern, ast.MatchClass) and ast.unparse(pattern.cls) in effects()
    )

    assert found == ["workhorse.loops.perform"]


def tables() -> set[str]:
    """The names of the state machines: module constants annotated as a `Table`."""
    return {
        node.target.id
        for module in package("workhorse.core")
        for node in module.tree.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and ast.unparse(node.annotation).startswith("Table[")
    }


def test_one_interpreter_of_tables() -> None:
    """A machine is stepped by `core.machine.step`; nobody looks a row up by hand."""
    names = tables()
    assert names
    found = where(
        module.name
        for module in product()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Subscript | ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
    )

    assert found == []


def test_one_broad_except() -> None:
    """Only what must clean up whatever happens catches everything, and raises it again."""
    cleans_up_and_raises_again = {"workhorse.adapters.terraform_process"}
    found = where(
        module.name
        for module in product()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and not isinstance(node.body[-1], ast.Raise)
    )
    reraised = where(
        module.name
        for module in product()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and isinstance(node.body[-1], ast.Raise)
    )

    assert set(found) <= {"workhorse.loops.forever"}
    assert set(reraised) <= cleans_up_and_raises_again


def test_our_own_bugs_are_caught_by_nobody() -> None:
    """`Misuse` ends the process; catching its root `WorkhorseError` is for the two doors."""
    doors = {"workhorse.__main__", "workhorse.local.demo.__main__", "scripts.prepare"}
    found = where(
        module.name
        for module in modules()
        if not module.within("tests")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        for name in ast.walk(node.type)
        if isinstance(name, ast.Name) and name.id in {"Misuse", "WorkhorseError"}
    )

    assert set(found) <= doors


# --- Tests and words -----------------------------------------------------------------------------


def test_no_test_mocks() -> None:
    """If a test needs a mock, a decision has leaked outwards."""
    assert [
        m.name for m in modules() for n in m.imports() if n.startswith(("unittest", "mock"))
    ] == []


def test_no_test_sleeps() -> None:
    found = [
        (module.name, name)
        for module in package("tests")
        for name in module.attributes()
        if name in {"time.sleep", "asyncio.sleep"}
    ]

    assert found == []


def test_every_test_says_its_sentence() -> None:
    """By its docstring, or by a name of at least four words."""
    mute = [
        f"{module.name}.{function.name}"
        for module in package("tests")
        for function in module.functions()
        if function.name.startswith("test_")
        and not ast.get_docstring(function)
        and len(function.name.split("_")) < len(("test", "three", "more", "words"))
    ]

    assert mute == []


def test_everything_public_has_a_docstring() -> None:
    mute = [
        f"{module.name}:{node.name}"
        for module in package("workhorse")
        for node in public(module.tree)
        if not (ast.get_docstring(node) or sets_a_property(node))
    ]

    assert mute == []


def sets_a_property(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """The property itself has the docstring."""
    return any(ast.unparse(each).endswith(".setter") for each in node.decorator_list)


def public(tree: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def test_no_module_without_a_subject() -> None:
    """`utils` grows for ever."""
    found = [m.name for m in modules() if m.name.split(".")[-1] in {"utils", "util", "helpers"}]

    assert found == []


# --- The readers of trees see what they should ---------------------------------------------------


def sample(text: str) -> Module:
    return Module(name="workhorse.core.sample", text=text, tree=ast.parse(text))


def test_an_import_inside_a_function_is_seen() -> None:
    assert list(sample("def f():\n    from a.b import c\n    import d.e\n").imports()) == [
        "a.b.c",
        "d.e",
    ]


def test_signature_and_docstring_do_not_count_towards_a_function() -> None:
    text = 'def f(\n    a,\n):\n    """One.\n\n    Two.\n    """\n    b = a\n\n    return b\n'
    (function,) = sample(text).functions()

    assert length(function) == len(("b = a", "", "return b"))


def test_a_package_does_not_hold_its_namesakes() -> None:
    assert sample("").within("workhorse.core")
    assert not sample("").within("workhorse.cor")
    assert not allowed("workhorse.core_other", ("workhorse.core",))


def test_the_most_exact_zone_counts() -> None:
    assert zone_of(Module("workhorse.local.jenkins.labels", "", ast.parse(""))) == (
        "workhorse.local.jenkins"
    )
