"""Writes ``static/schema.js``: the wire contract as the page needs it.

Generated from the dataclasses and vocabularies of ``protocol/``, so that no key, range or
code is typed a second time. ``python -m viewkeeper.dashboard.schema`` writes the file; a
test makes it again and compares.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from viewkeeper.protocol import cbor, checkpoints, cose, records, topics, vocabulary
from viewkeeper.protocol import fields as kinds
from viewkeeper.protocol.errors import Reason

SCHEMA = Path(__file__).resolve().parent / "static" / "schema.js"
_HEAD = """// The wire contract as data. Generated from protocol/ by dashboard/schema.py: do not edit.
// Make it again with: python -m viewkeeper.dashboard.schema
"""


def describe(kind: kinds.Kind) -> dict[str, Any]:
    """How one field travels, as plain data.

    Raises:
        TypeError: a kind of field that this generator does not know yet.
    """
    if isinstance(kind, kinds.Int):
        return {"type": "int", "low": kind.low, "high": kind.high}
    if isinstance(kind, kinds.Bool):
        return {"type": "bool"}
    if isinstance(kind, kinds.Bytes):
        return {"type": "bytes", "low": kind.low, "high": kind.high}
    if isinstance(kind, kinds.Text):
        pattern = {} if kind.pattern is None else {"pattern": kind.pattern}
        return {"type": "text", "low": kind.low, "high": kind.high, **pattern}
    if isinstance(kind, kinds.Choice | kinds.NumberOf):
        name = "choice" if isinstance(kind, kinds.Choice) else "number"
        return {"type": name, "of": kind.vocabulary.__name__}
    if isinstance(kind, kinds.ListOf):
        return {"type": "list", "low": kind.low, "high": kind.high, "item": describe(kind.item)}
    if isinstance(kind, kinds.Nested):
        return {"type": "nested", "of": kind.message.__name__}
    raise TypeError(f"no JavaScript form for {type(kind).__name__}")


def collect(message: type[Any], into: dict[str, list[dict[str, Any]]]) -> None:
    """Add ``message`` and every message inside it."""
    if message.__name__ in into:
        return
    rows: list[dict[str, Any]] = []
    into[message.__name__] = rows
    for spec in fields(message):
        kind = spec.metadata["kind"]
        optional = {"optional": True} if spec.metadata["optional"] else {}
        row = {"key": spec.metadata["key"], "name": spec.name, **optional, **describe(kind)}
        rows.append(row)
        inner = kind.item if isinstance(kind, kinds.ListOf) else kind
        if isinstance(inner, kinds.Nested):
            collect(inner.message, into)


def vocabularies() -> dict[str, list[str]]:
    """Every closed vocabulary of texts, by class name, in order of definition."""
    return {
        name: [member.value for member in found]
        for name, found in vars(vocabulary).items()
        if isinstance(found, type) and issubclass(found, StrEnum) and found is not StrEnum
    }


def numbered() -> dict[str, dict[str, int]]:
    """Every closed vocabulary of numbers, by class name."""
    return {
        name: {member.name.lower(): int(member) for member in found}
        for name, found in vars(vocabulary).items()
        if isinstance(found, type) and issubclass(found, IntEnum) and found is not IntEnum
    }


def source() -> str:
    """The whole text of ``schema.js``."""
    messages: dict[str, list[dict[str, Any]]] = {}
    for message in (records.Header, *records.BODIES.values(), checkpoints.Checkpoint):
        collect(message, messages)
    constants: dict[str, Any] = {
        "TOPICS_ROOT": topics.ROOT,
        "ID_PATTERN": topics.ID_PATTERN,
        "ALGORITHM": int(cose.Algorithm.ED25519),
        "KID_BYTES": cose.KID_BYTES,
        "MAX_DEPTH": cbor.MAX_DEPTH,
        "MAX_RECORD_BYTES": records.MAX_RECORD_BYTES,
        "MAX_CHECKPOINT_BYTES": checkpoints.MAX_CHECKPOINT_BYTES,
        "DOMAINS": {domain.name.lower(): domain.value for domain in cose.Domain},
        "RECORD_BODIES": {int(kind): body.__name__ for kind, body in records.BODIES.items()},
        "NUMBERED": numbered(),
    }
    parts = [_HEAD]
    for name, value in constants.items():
        parts.append(f"export const {name} = {_js(value)};\n")
    parts.append(_table("REASONS", {reason.name: reason.value for reason in Reason}))
    parts.append(_table("VOCABULARIES", vocabularies()))
    parts.append(_nested_table("MESSAGES", messages))
    return "\n".join(parts)


def _js(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _table(name: str, table: dict[str, Any]) -> str:
    rows = "".join(f"  {key}: {_js(value)},\n" for key, value in table.items())
    return f"export const {name} = {{\n{rows}}};\n"


def _nested_table(name: str, table: dict[str, list[dict[str, Any]]]) -> str:
    rows = "".join(
        f"  {key}: [\n{''.join(f'    {_js(row)},{chr(10)}' for row in value)}  ],\n"
        for key, value in table.items()
    )
    return f"export const {name} = {{\n{rows}}};\n"


def main(argv: list[str] | None = None) -> int:
    """Command line; exit 1 when ``--check`` finds the file out of date."""
    parser = argparse.ArgumentParser(
        prog="python -m viewkeeper.dashboard.schema", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(argv)
    if options.check:
        current = SCHEMA.read_text(encoding="utf-8") == source()
        print("in date" if current else "static/schema.js is out of date")
        return 0 if current else 1
    SCHEMA.write_text(source(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
