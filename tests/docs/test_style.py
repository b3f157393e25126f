"""How the documents are written: one sentence a line, plain characters, numbered decisions."""

import re

import pytest

from scripts import sources
from tests.docs import prose

PAGES = prose.pages()
DECISIONS = [page for page in PAGES if re.match(r"docs/decisions/\d", page)]

SECOND_SENTENCE = re.compile(r"[a-z0-9`)][.!?] +[A-Z`]")
NUMBER = re.compile(r"^ *[0-9]+\. ")


@pytest.mark.parametrize("page", PAGES)
def test_a_line_of_prose_holds_one_sentence(page: str) -> None:
    lines = [(number, NUMBER.sub("", line)) for number, line in prose.prose(PAGES[page])]
    long = [each for each in lines if SECOND_SENTENCE.search(each[1])]

    assert long == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_written_in_plain_characters(page: str) -> None:
    assert [each for each in prose.prose(PAGES[page]) if not each[1].isascii()] == []


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_left_to_do_later(page: str) -> None:
    assert re.findall(r"\b(TODO|FIXME|XXX|TBD)\b", PAGES[page]) == []


def test_the_old_words_stand_once_so_that_people_find_their_way() -> None:
    for word in ("slave", "master", "suicide job"):
        places = [page for page, text in PAGES.items() for _ in re.findall(rf"\b{word}\b", text)]
        assert places == ["README.md"], word


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [page.removeprefix("docs/decisions/")[:4] for page in DECISIONS]

    assert numbers == [f"{number:04d}" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("page", DECISIONS)
def test_a_decision_has_its_number_in_the_title_and_its_four_parts(page: str) -> None:
    text = PAGES[page]

    assert text.startswith(f"# {page.removeprefix('docs/decisions/')[:4]}: ")
    parts = ["Status", "Context", "Decision", "Consequences"]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == parts


def test_every_decision_that_a_file_points_to_exists() -> None:
    known = {page.removeprefix("docs/decisions/")[:4] for page in DECISIONS}
    pointers = {
        (str(path.relative_to(sources.ROOT)), number)
        for path in sources.files()
        if path.suffix in {".py", ".tf", ".md"}
        for number in re.findall(
            r"(?:[Dd]ecision |docs/decisions/)(\d{4})", path.read_text(errors="replace")
        )
    }

    assert pointers
    assert [pointer for pointer in pointers if pointer[1] not in known] == []
