"""Label expressions mean what they mean to Jenkins; each test's name is its sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.labels import (
    And,
    Atom,
    Expression,
    Iff,
    Implies,
    Not,
    Or,
    Paren,
    label_tokens,
    parse,
)

NAMES = ("linux", "docker", "arm64", "i-0abc", "node 1", "a&b", 'say "x"', "back\\slash")
ATOMS = st.sampled_from(NAMES).map(Atom)
LABELS = st.frozensets(st.sampled_from(NAMES))
BINARY = st.sampled_from((And, Or, Implies, Iff))


def _deeper(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    two = st.tuples(BINARY, inner, inner).map(lambda drawn: drawn[0](drawn[1], drawn[2]))
    return st.one_of(two, inner.map(Not), inner.map(Paren))


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(ATOMS, _deeper, max_leaves=12)


def _bare(expression: Expression) -> Expression:
    """Drop parentheses, which say nothing once the tree is built."""
    match expression:
        case Paren(base):
            return _bare(base)
        case Not(base):
            return Not(_bare(base))
        case And(left, right) | Or(left, right) | Implies(left, right) | Iff(left, right):
            return type(expression)(_bare(left), _bare(right))
        case _:
            return expression


@given(EXPRESSIONS)
def test_what_is_printed_parses_back_to_the_same_tree(expression: Expression) -> None:
    again = parse(expression.expression)
    assert _bare(again) == _bare(expression)
    assert again.expression == expression.expression


@given(EXPRESSIONS, LABELS)
def test_printing_and_parsing_keep_the_meaning(
    expression: Expression, labels: frozenset[str]
) -> None:
    assert parse(expression.expression).matches(labels) == expression.matches(labels)


@given(EXPRESSIONS, EXPRESSIONS, LABELS)
def test_de_morgan_holds(a: Expression, b: Expression, labels: frozenset[str]) -> None:
    assert Not(And(a, b)).matches(labels) == Or(Not(a), Not(b)).matches(labels)
    assert Not(Or(a, b)).matches(labels) == And(Not(a), Not(b)).matches(labels)


@given(EXPRESSIONS, EXPRESSIONS, LABELS)
def test_an_equivalence_is_two_implications(
    a: Expression, b: Expression, labels: frozenset[str]
) -> None:
    both = And(Implies(a, b), Implies(b, a))
    assert Iff(a, b).matches(labels) == both.matches(labels)


@given(EXPRESSIONS, LABELS)
def test_only_the_labels_it_mentions_matter(expression: Expression, labels: frozenset[str]) -> None:
    assert expression.matches(labels) == expression.matches(labels & expression.atoms())


@given(st.text())
def test_any_text_at_all_gives_an_expression(text: str) -> None:
    assert isinstance(parse(text), Expression)


@pytest.mark.parametrize(
    ("text", "neither", "a", "b", "both"),
    [
        ("a&&b", False, False, False, True),
        ("a||b", False, True, True, True),
        ("a->b", True, False, True, True),
        ("a<->b", True, False, False, True),
        ("!a", True, False, True, False),
    ],
)
def test_each_operator_has_its_truth_table(
    text: str,
    neither: bool,  # noqa: FBT001 - a column of the table
    a: bool,  # noqa: FBT001 - a column of the table
    b: bool,  # noqa: FBT001 - a column of the table
    both: bool,  # noqa: FBT001 - a column of the table
) -> None:
    expression = parse(text)
    found = [expression.matches(frozenset(labels)) for labels in ("", "a", "b", "ab")]
    assert found == [neither, a, b, both]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a || b && c", Or(Atom("a"), And(Atom("b"), Atom("c")))),
        ("!a && b", And(Not(Atom("a")), Atom("b"))),
        ("a -> b || c", Implies(Atom("a"), Or(Atom("b"), Atom("c")))),
        ("a <-> b -> c", Iff(Atom("a"), Implies(Atom("b"), Atom("c")))),
        ("a <-> b <-> c", Iff(Iff(Atom("a"), Atom("b")), Atom("c"))),
        ("(a || b) && c", And(Paren(Or(Atom("a"), Atom("b"))), Atom("c"))),
        ('"node 1" && x-y', And(Atom("node 1"), Atom("x-y"))),
        ("a-b->c", Implies(Atom("a-b"), Atom("c"))),
    ],
)
def test_tighter_operators_bind_first(text: str, tree: Expression) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    "text",
    ["linux docker", "&&", "a->b->c", "a &&", "(a", "a)", "!!a", "it's", "a & b", "", '"open'],
)
def test_what_does_not_parse_is_one_atom_of_that_name(text: str) -> None:
    assert parse(text) == Atom(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("linux && docker", "linux&&docker"),
        ("docker || arm64", "docker||arm64"),
        ("!docker && linux", "!docker&&linux"),
        ("(a) && b", "(a)&&b"),
        ('"node 1"', "node 1"),
        ('"node 1" || a', '"node 1"||a'),
    ],
)
def test_names_are_printed_as_the_queue_shows_them(text: str, name: str) -> None:
    assert str(parse(text)) == name


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("linux  docker", {"linux", "docker"}),
        (' swarm\t"two words" ', {"swarm", "two words"}),
        ("'one two' a&&b", {"one two", "a&&b"}),
        ("", set()),
    ],
)
def test_a_node_label_string_splits_at_blanks_outside_quotes(text: str, tokens: set[str]) -> None:
    assert label_tokens(text) == tokens


def test_parsing_the_same_text_again_gives_the_same_object() -> None:
    assert parse("cached && twice") is parse("cached && twice")
