"""The measured figures: each is explained, and the README promises no more than was measured."""

import re
from fnmatch import fnmatchcase

from tests.docs import prose

PAGE = prose.pages()["docs/measurements.md"]
FIGURES = {
    name: float(value)
    for name, value in re.findall(r"^([a-z]\w+) +([\d.]+) .* n=\d+$", PAGE, re.MULTILINE)
}


def test_every_figure_is_explained_and_every_explained_one_is_measured() -> None:
    rows = "".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))
    patterns = [each.replace("_N", "_*") for each in re.findall(r"`([a-z0-9_*N]+)`", rows)]

    assert FIGURES
    assert [name for name in FIGURES if not any(fnmatchcase(name, p) for p in patterns)] == []
    assert [p for p in patterns if not any(fnmatchcase(name, p) for name in FIGURES)] == []


def test_what_the_readme_says_of_speed_was_measured() -> None:
    """A fifth of a second, a second or so, 10 % above the bound, 0.8 of the best rival."""
    assert FIGURES["tick_seconds_1000"] < 0.2
    assert FIGURES["reaction_p99_seconds"] < 1.5
    assert FIGURES["policy_ratio_to_bound"] < 1.1
    assert FIGURES["policy_ratio_to_best_rival"] < 0.8
