"""What a process costs, from Linux's /proc; nothing where there is none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """Resident memory (KiB) and processor time (seconds, user and system) so far."""

    rss_kib: int = 0
    cpu_s: float = 0.0


def cost_of(pid: int) -> Cost:
    """Of one process; zeros where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return Cost()
    ticks = os.sysconf("SC_CLK_TCK")
    pages = os.sysconf("SC_PAGE_SIZE") // 1024
    return Cost(int(fields[21]) * pages, (int(fields[11]) + int(fields[12])) / ticks)
