"""Every word of the wire and of the page has a text in every language."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from viewkeeper.dashboard import schema
from viewkeeper.protocol.errors import Reason

STATIC = schema.SCHEMA.parent
TABLES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((STATIC / "i18n").glob("*.json"))
}
SCRIPTS = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]


def test_there_are_english_and_chinese() -> None:
    assert set(TABLES) == {"en", "zh"}


@pytest.mark.parametrize("language", TABLES)
def test_every_reason_has_a_text(language: str) -> None:
    assert set(TABLES[language]["reason"]) == {reason.value for reason in Reason}


@pytest.mark.parametrize("language", TABLES)
def test_every_member_of_every_vocabulary_has_a_text(language: str) -> None:
    wanted = {name: set(members) for name, members in schema.vocabularies().items()}
    wanted |= {name: set(members) for name, members in schema.numbered().items()}
    assert {name: set(table) for name, table in TABLES[language]["vocabulary"].items()} == wanted


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    english, chinese = TABLES["en"]["ui"], TABLES["zh"]["ui"]
    assert set(english) == set(chinese)
    for key, text in english.items():
        places = sorted(re.findall(r"\{\w+\}", text))
        assert places == sorted(re.findall(r"\{\w+\}", chinese[key])), key


def test_no_text_is_empty_and_chinese_is_chinese() -> None:
    for table in TABLES.values():
        for part in ("ui", "reason"):
            assert all(text.strip() for text in table[part].values())
    for reason, text in TABLES["zh"]["reason"].items():
        assert re.search("[\u4e00-\u9fff]", text), reason


def test_every_text_the_page_asks_for_exists() -> None:
    asked: set[str] = set()
    for script in SCRIPTS:
        asked |= set(re.findall(r"""\bt\(\s*["']([^"']+)["']""", script.read_text("utf-8")))
    assert len(asked) > 40
    assert asked <= set(TABLES["en"]["ui"]), asked - set(TABLES["en"]["ui"])
