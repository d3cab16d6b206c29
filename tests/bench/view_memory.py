"""What the view check adds to a process that has numpy: its peak, in a process of its own.

    python -m tests.bench.view_memory FOLDER    (registered.npy and every other .npy in it)

Rule: nothing is imported here but numpy and the view check, or it would be measured too.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

_REGISTERED = "registered.npy"


def measured_mib(registered: np.ndarray, others: Iterable[np.ndarray], hfov_deg: float) -> float:
    """MiB above numpy's own import, at the peak of registering one frame and finding others.

    Raises:
        subprocess.CalledProcessError: the process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / _REGISTERED, registered)
        for number, luma in enumerate(others):
            np.save(Path(folder) / f"{number}.npy", luma)
        command = [sys.executable, "-m", "tests.bench.view_memory", folder, str(hfov_deg)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _peak_mib() -> float:
    # Not getrusage: a new process starts with its parent's maximum there.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (each for each in status.splitlines() if each.startswith("VmHWM"))
    return float(line.split()[1]) / 1024.0


def _main(folder: Path, hfov_deg: float) -> None:
    before = _peak_mib()
    from viewkeeper.agent.core.frame import Frame
    from viewkeeper.agent.core.view.estimate import estimate
    from viewkeeper.agent.core.view.geometry import Lens
    from viewkeeper.agent.core.view.registered import register

    view = register([Frame(np.load(folder / _REGISTERED), 0.0)], Lens(hfov_deg))
    for path in sorted(folder.glob("*.npy")):
        estimate(view, Frame(np.load(path), 0.0))
    print(_peak_mib() - before)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), float(sys.argv[2]))
