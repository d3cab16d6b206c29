"""The settings file as a JSON schema (draft 2020-12), read off the dataclasses.

Ranges stay in ``settings_file.py``: an editor catches a wrong word early, the agent judges.
"""

from __future__ import annotations

import inspect
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, cast, get_args, get_type_hints

from viewkeeper.agent.settings import Settings
from viewkeeper.agent.source_settings import KINDS

_TYPES: dict[type[Any], str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def schema() -> dict[str, Any]:
    """The schema of the whole file."""
    root = _table(Settings)
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    root["title"] = "viewkeeper-agent settings"
    source = root["properties"]["source"]
    source["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {
                "required": sorted(needed),
                "propertyNames": {"enum": sorted(needed | allowed | {"kind", "timeout_s"})},
            },
        }
        for kind, (needed, allowed) in KINDS.items()
    ]
    return root


def _table(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for part in fields(kind):
        properties[part.name] = _property(hints[part.name], part)
        if part.default is MISSING and part.default_factory is MISSING:
            required.append(part.name)
    table: dict[str, Any] = {
        "type": "object",
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        table["required"] = required
    return table


def _property(hint: Any, part: Field[Any]) -> dict[str, Any]:
    if is_dataclass(hint):
        return _table(cast("type[Any]", hint))
    names = sorted({_TYPES[each] for each in (get_args(hint) or (hint,)) if each in _TYPES})
    told: dict[str, Any] = {"type": names[0] if len(names) == 1 else names}
    if part.default is not MISSING:
        told["default"] = part.default
    return told
