"""Prints what Home Assistant wants for the parts used here; run by Home Assistant's own Python.

It would fetch that by itself at its first start; a test wants it there before.
"""

from __future__ import annotations

import json
from pathlib import Path

import homeassistant.components
from homeassistant import bootstrap

FOLDER = Path(homeassistant.components.__file__).parent


def wanted(names: set[str]) -> set[str]:
    """Requirements of integrations and of everything that they depend on."""
    seen: set[str] = set()
    found: set[str] = set()
    while names:
        name = names.pop()
        manifest = json.loads((FOLDER / name / "manifest.json").read_text("utf-8"))
        seen.add(name)
        found.update(manifest.get("requirements", []))
        names.update(set(manifest.get("dependencies", [])) - seen)
    return found


if __name__ == "__main__":
    core = set(bootstrap.CORE_INTEGRATIONS) | set(bootstrap.DEFAULT_INTEGRATIONS)
    print(
        "\n".join(
            sorted(
                wanted(core | set(bootstrap.CRITICAL_INTEGRATIONS) | {"mqtt", "config", "recorder"})
            )
        )
    )
