# ruff: noqa: F821
"""For freezing into a port: ``make -C ports/PORT FROZEN_MANIFEST=.../device/manifest.py``.

asyncio comes with the ports that have a network; nothing of micropython-lib beyond it is needed.
Never frozen so far: no port was built here.
"""

include("$(MPY_DIR)/extmod/asyncio")
package(
    "device",
    (
        "app.py",
        "statement.py",
        "core/*.py",
        "hal/*.py",
        "net/*.py",
        "store/*.py",
    ),
    base_path="..",
    opt=2,
)
