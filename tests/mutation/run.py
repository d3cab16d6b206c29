"""Runs the trust and policy tests against every mutant: ``make mutants``.

A mutant that no test notices is a survivor. Those argued in ``docs/mutants.md`` are known;
a new one, or a share killed below 95 %, fails. Each mutant runs in a forked child that
loads the changed module instead of the file; nothing on disk is touched.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import signal
import sys
import time
from pathlib import Path
from types import ModuleType

import cbor2  # noqa: F401 - loaded once, before the forks
import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401
import hypothesis  # noqa: F401
import numpy  # noqa: F401
import pytest

from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    "trust": ["clock", "grants", "keysets", "state", "verify"],
    "policy": ["access", "configuration", "lifecycle", "places"],
}
TESTS = {
    "trust": ["tests/unit/core/trust", "tests/vectors/test_vectors.py",
              "tests/vectors/test_algorithms.py"],
    "policy": ["tests/unit/core/policy", "tests/vectors/test_vectors.py"],
}  # fmt: skip
KNOWN = ROOT / "docs" / "mutants.md"
LEAST = 0.95
TIMEOUT_S = 120


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module another source."""

    def __init__(self, name: str, source: str) -> None:
        self._name, self._source = name, source

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, self._name, "exec"), module.__dict__)


def is_killed(module: str, source: str, tests: list[str]) -> bool:
    """Whether some test fails with this source; a test that hangs has noticed, too."""
    child = os.fork()
    if child == 0:
        os.setsid()
        signal.alarm(TIMEOUT_S)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        sys.meta_path.insert(0, Changed(module, source))
        options = ["-x", "-q", "-p", "no:cacheprovider", "--no-header"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        os._exit(0 if pytest.main([*options, *tests]) == 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def known() -> set[str]:
    """The survivors argued in the docs."""
    if not KNOWN.exists():
        return set()
    return set(re.findall(r"^\| `([^`]+)` \|", KNOWN.read_text(encoding="utf-8"), re.MULTILINE))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rooms", nargs="*", default=list(MODULES), help="trust, policy")
    parser.add_argument("--list", action="store_true", help="count, run nothing")
    options = parser.parse_args()
    os.chdir(ROOT)
    survivors: list[str] = []
    failed = False
    for room in options.rooms:
        made: list[tuple[str, str, Mutant]] = []
        for name in MODULES[room]:
            path = ROOT / "agent" / "core" / room / f"{name}.py"
            module = f"viewkeeper.agent.core.{room}.{name}"
            made += [
                (module, f"{room}/{name}.py", mutant)
                for mutant in mutants_of(path.read_text(encoding="utf-8"))
            ]
        print(f"{room}: {len(made)} mutants", flush=True)
        if options.list:
            continue
        if is_killed("nothing", "", TESTS[room]):
            print(f"{room}: the tests fail without any change: mend them first")
            return 2
        begun, living = time.monotonic(), 0
        for number, (module, file, mutant) in enumerate(made, 1):
            if is_killed(module, mutant.source, TESTS[room]):
                continue
            living += 1
            survivors.append(f"{file} {mutant.name}")
            print(f"  {number}/{len(made)} survives: {file} {mutant.name}", flush=True)
        share = 1 - living / len(made)
        print(f"{room}: {share:.1%} killed in {time.monotonic() - begun:.0f} s", flush=True)
        failed = failed or share < LEAST
    fresh = sorted(set(survivors) - known())
    if fresh:
        print(f"not argued in {KNOWN.name}:", *fresh, sep="\n  ")
    return 1 if failed or fresh else 0


if __name__ == "__main__":
    sys.exit(main())
