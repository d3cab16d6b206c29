"""The machine's own state from /proc, /sys and statvfs; no library needed."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from viewkeeper.agent.ports import MachineHealth


class LinuxHealthProbe:
    """Reads storage, temperature, memory, processor share and uptime.

    Args:
        storage_dir: the folder whose file system counts.
    """

    def __init__(self, storage_dir: Path) -> None:
        self._storage_dir = storage_dir
        self._cpu_s, self._wall_s = time.process_time(), time.monotonic()

    def read(self) -> MachineHealth:
        cpu_s, wall_s = time.process_time(), time.monotonic()
        elapsed_s = wall_s - self._wall_s
        cpu = (cpu_s - self._cpu_s) / elapsed_s if elapsed_s > 0.5 else None
        if cpu is not None:
            self._cpu_s, self._wall_s = cpu_s, wall_s
        return MachineHealth(
            storage_free_share=_free_share(self._storage_dir),
            temperature_c=_temperature_c(),
            memory_kib=_memory_kib(),
            cpu_share=cpu,
            uptime_s=_uptime_s(),
        )


def _free_share(folder: Path) -> float | None:
    try:
        stat = os.statvfs(folder)
    except OSError:
        return None
    return stat.f_bavail / stat.f_blocks if stat.f_blocks else None


def _temperature_c() -> float | None:
    try:
        text = Path("/sys/class/thermal/thermal_zone0/temp").read_text(encoding="ascii")
        return int(text) / 1000
    except (OSError, ValueError):
        return None


def _memory_kib() -> int | None:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize() // 1024


def _uptime_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
