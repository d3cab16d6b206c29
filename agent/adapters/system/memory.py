"""Memory that only the start needed, given back once the service is up.

Importing touches pages of the libraries' code that are not run again, and leaves holes between
what stays. Both count as resident until somebody gives them back; a page of code that is needed
all the same comes again from the page cache or the disk.
"""

from __future__ import annotations

import ctypes
import gc
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_MADV_DONTNEED = 4
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)")
_CHANGED = ("Anonymous:", "Swap:", "Locked:")


def give_back(smaps: Path = Path("/proc/self/smaps")) -> None:
    """Return unused heap and the untouched pages of files to the kernel.

    Where the C library or the kernel has no such call, nothing happens.
    """
    gc.collect()
    gc.freeze()
    libc = ctypes.CDLL(None)
    try:
        libc.malloc_trim(ctypes.c_size_t(0))
        libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        ranges = list(unchanged(smaps.read_text("utf-8", "replace").splitlines()))
    except (AttributeError, OSError):
        return
    for start, end in ranges:
        libc.madvise(start, end - start, _MADV_DONTNEED)


def unchanged(smaps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Address ranges that hold only what stands in a file, by ``smaps`` (proc(5)).

    What the loader relocated or a debugger patched is private (``Anonymous``) and would be lost;
    such a mapping is left out as a whole, and so is one that may be written.
    """
    start = end = 0
    clean = told = False
    for line in smaps:
        found = _MAPPING.fullmatch(line.rstrip())
        if found:
            if clean and told:
                yield start, end
            start, end = int(found[1], 16), int(found[2], 16)
            clean, told = "w" not in found[3] and found[4].startswith("/"), False
        elif line.startswith(_CHANGED):
            told = told or line.startswith("Anonymous:")
            clean = clean and int(line.split()[1]) == 0
    if clean and told:
        yield start, end
