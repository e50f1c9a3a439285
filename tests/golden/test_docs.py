"""docs/ is what the code gives, and says all it must."""

from __future__ import annotations

import re

import pytest

from flows.docs import build, model_pages
from flows.docs.rule_pages import example_of
from flows.engine import models
from schemas.columns import columns
from schemas.evidence import Evidence
from schemas.rules import catalogue


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return build.pages()


def test_the_committed_pages_are_what_the_code_gives(pages: dict[str, str]):
    assert build.stale(wanted=pages) == [], "run `make docs` and commit docs/"


def test_the_table_in_the_readme_is_what_the_headers_of_sql_say():
    text = (build.DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert text.count("](sql/") == len(model_pages.POINTED_AT)
    assert build.readme(text) == text, "run `make docs`"


def test_building_twice_gives_the_same_pages(pages: dict[str, str]):
    assert build.pages() == pages


def test_a_page_that_was_edited_or_is_no_longer_made_is_stale_and_written_anew(pages: dict[str, str], tmp_path):
    build.write(tmp_path, pages)
    assert build.stale(tmp_path, pages) == []
    (tmp_path / "rules.md").write_text("edited")
    (tmp_path / "old.md").write_text("of a page that was dropped")
    (tmp_path / "where.md").unlink()

    assert build.stale(tmp_path, pages) == ["old.md", "rules.md", "where.md"]
    assert build.write(tmp_path, pages) == ["old.md", "rules.md", "where.md"]
    assert (build.stale(tmp_path, pages), (tmp_path / "old.md").exists()) == ([], False)


def test_every_rule_model_variable_threshold_and_instrument_is_on_a_page(pages: dict[str, str]):
    rules = "".join(text for name, text in pages.items() if name.startswith("rules/"))
    assert [r.id for r in catalogue() if f"## {r.id}\n" not in rules] == []
    assert [m for m in models.catalogue() if f"### {m}\n" not in pages["models.md"]] == []
    assert [f"{d}.{c.name}" for d, found in columns().items() for c in found if f"| `{c.name}` |" not in pages["variables.md"]] == []
    assert [n for n in Evidence.model_fields if f"| `{n}` |" not in pages["evidence.md"]] == []
    assert [n for n in build.project_instruments() if f"## {n}\n" not in pages["instruments.md"]] == []


def test_every_key_of_the_mapping_language_has_a_meaning(pages: dict[str, str]):
    keys = [line for line in pages["mapping.md"].splitlines() if line.startswith("| `")]
    assert len(keys) > 60
    assert [line for line in keys if line.endswith("|  |")] == []


def test_every_threshold_is_used_somewhere(pages: dict[str, str]):
    unused = [line.split("|")[1].strip() for line in pages["evidence.md"].splitlines() if line.startswith("| `") and line.endswith("|  |")]
    assert unused == []


def test_links_between_pages_lead_somewhere(pages: dict[str, str]):
    for name, text in pages.items():
        folder = name.rpartition("/")[0]
        for target in re.findall(r"\]\(([^)#]+\.md)", text):
            path = f"{folder}/{target}".lstrip("/")
            is_written = path.startswith((build.WRITTEN, build.DECISIONS)) and (build.DOCS / path).is_file()
            assert path in pages or is_written, f"{name} -> {target}"


def test_topics_of_the_spec_tests_have_their_page(pages: dict[str, str]):
    worked = {name.removeprefix("worked/").removesuffix(".md") for name in pages if name.startswith("worked/")}
    assert {"timing", "dose", "sessions", "medication", "scores"} <= worked


def test_every_rule_is_named_by_a_test_that_shows_it():
    """Rules still without one are listed, so that the list can only shrink."""
    without = {r.id for r in catalogue() if example_of(r.id) is None}
    known = {"delivery_rejected", "field_emptied", "field_unusable", "items_shifted_form", "table_empty"}
    assert without <= known, "write a test in tests/spec that names it"
