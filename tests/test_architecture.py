"""The rules of the rooms that no linter knows."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = sorted((ROOT / "agent" / "core").rglob("*.py")) + sorted((ROOT / "protocol").glob("*.py"))
WORLD = {"open", "print", "input", "exec", "eval", "breakpoint"}
ALLOWED_ON_THE_CAMERA = {"numpy", "cbor2", "cryptography", "paho", "viewkeeper"}
LAZY_EXTRAS = {
    "PIL",
    "av",
    "epaper",
    "gpiozero",
    "inky",
    "luma",
    "picamera2",
    "pkcs11",
    "segno",
    "smbus2",
}


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_the_core_touches_nothing(path):
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    forbidden = calls & WORLD
    if path.name in ("cddl.py",):
        forbidden -= {"print"}
    assert not forbidden


def imports_of(path, *, top_level):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level else list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("path", sorted((ROOT / "agent").rglob("*.py")), ids=name_of)
def test_the_camera_needs_its_four_libraries_and_no_more(path):
    import sys

    standard = set(sys.stdlib_module_names) | {"__future__"}
    eager = set(imports_of(path, top_level=True)) - standard
    assert eager <= ALLOWED_ON_THE_CAMERA
    lazy = set(imports_of(path, top_level=False)) - standard
    assert lazy <= ALLOWED_ON_THE_CAMERA | LAZY_EXTRAS


def test_every_room_says_its_rule_at_the_door():
    for package in (
        "agent",
        "agent/core",
        "agent/adapters",
        "protocol",
        "authority",
        "dashboard",
        "sim",
    ):
        text = (ROOT / package / "__init__.py").read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), package
