# ruff: noqa: F821
"""For freezing into a port: ``make -C ports/PORT FROZEN_MANIFEST=.../device/manifest.py``.

Of micropython-lib: ``ntptime`` sets the clock, ``bmi270`` brings the program which that chip needs.
Never frozen so far: no port was built here.
"""

include("$(MPY_DIR)/extmod/asyncio")
require("ntptime")
require("bmi270")
package(
    "device",
    (
        "app.py",
        "statement.py",
        "watch.py",
        "boards/*.py",
        "commands.py",
        "core/*.py",
        "drivers/*.py",
        "hal/*.py",
        "net/*.py",
        "store/*.py",
    ),
    base_path="..",
    opt=2,
)
