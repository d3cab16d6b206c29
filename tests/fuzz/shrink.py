"""Keep of a corpus what takes a way no smaller input took: ``python -m tests.fuzz.shrink FROM TO``.

libFuzzer's own merge starts the interpreter anew for each batch and finds nothing there.
"""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz import harness

ROOMS = ("/agent/core/", "/protocol/")


def ways_of(data: bytes) -> set[tuple[str, int, int]]:
    """Which lines followed which, in our own code."""
    ways: set[tuple[str, int, int]] = set()

    def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
        name = frame.f_code.co_filename
        if not any(room in name for room in ROOMS):
            return None
        last = frame.f_lineno

        def lines(inner: FrameType, event: str, _more: Any) -> Any:
            nonlocal last
            if event == "line":
                ways.add((name, last, inner.f_lineno))
                last = inner.f_lineno
            return lines

        return lines

    sys.settrace(trace)
    try:
        harness.run_one(data)
    finally:
        sys.settrace(None)
    return ways


def main() -> int:
    """Copy the inputs that are worth keeping."""
    source, target = map(Path, sys.argv[1:3])
    target.mkdir(parents=True, exist_ok=True)
    seen: set[tuple[str, int, int]] = set()
    inputs = sorted(source.iterdir(), key=lambda path: (path.stat().st_size, path.name))
    for path in inputs:
        ways = ways_of(path.read_bytes())
        if not ways <= seen:
            seen |= ways
            (target / path.name).write_bytes(path.read_bytes())
    print(f"{len(list(target.iterdir()))} of {len(inputs)} kept, {len(seen)} ways")
    return 0


if __name__ == "__main__":
    sys.exit(main())
