# ruff: noqa: F821
"""For freezing into a port: ``make -C ports/PORT FROZEN_MANIFEST=.../device/manifest.py``.

Of micropython-lib: ``ntptime`` sets the clock, ``bmi270`` brings the program which that chip needs.
``make device-frozen`` builds the unix port with it.
"""

import os

# ``package`` knows no patterns; what runs on the desk stays out.
_ROOMS = ("", "boards", "core", "drivers", "hal", "net", "store")
_LEFT_OUT = ("loader.py", "main.py", "manifest.py")  # of the board's own flash, and this

include("$(MPY_DIR)/extmod/asyncio")
require("ntptime")
require("bmi270")
package(
    "device",
    tuple(
        room + "/" + name if room else name
        for room in _ROOMS
        for name in sorted(os.listdir(os.path.join("..", "device", room)))
        if name.endswith(".py") and name not in _LEFT_OUT
    ),
    base_path="..",
    opt=2,
)
