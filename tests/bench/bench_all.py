"""``make bench``: every table, in one run, into docs/benchmarks.md."""

from __future__ import annotations

import platform
import re
from pathlib import Path

import cv2
import numpy as np

from tests.bench import (
    bench_agent,
    bench_dashboard,
    bench_events,
    bench_recorder,
    bench_trust,
    bench_view,
)

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ("view.md", "agent.md", "events.md", "trust.md", "recorder.md", "dashboard.md")
"""By this run."""
TAKEN = (
    "view-fixed.md",
    "year.md",
    "references.md",
    "quality.md",
    "fov.md",
    "decision.md",
    "link.md",
    "faults.md",
    "fleet.md",
    "device.md",
    "sources.md",
    "image.md",
    "arm.md",
)
"""By targets of their own, which take long or need more."""


def main() -> None:
    """Run every benchmark and join what they wrote."""
    bench_view.main([])
    bench_agent.main()
    bench_events.main()
    bench_trust.main()
    bench_recorder.main()
    bench_dashboard.main([])
    join()


def join() -> None:
    """One page from the parts."""
    folder = ROOT / "docs" / "benchmarks"
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; no figure is typed by hand. Times are ratios within one run, "
        "since absolute ones depend on the machine.",
        "",
        f"Python {platform.python_version()}, numpy {np.__version__}, OpenCV {cv2.__version__}, "
        f"{platform.machine()}.",
        "",
    ]
    for name in MEASURED + TAKEN:
        path = folder / name
        if path.exists():
            text = path.read_text(encoding="utf-8")
            text = re.sub(r"^#", "##", text, flags=re.MULTILINE)
            lines.append(re.sub(r"\]\(([\w-]+\.(?:png|md))\)", r"](benchmarks/\1)", text))
    (ROOT / "docs" / "benchmarks.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
