"""What a long run measured, kept for ``device/tools/figures.py``, which writes the page."""

import json
import os
from pathlib import Path


def keep(name, **figures):
    """Into the folder that ``VIEWKEEPER_FIGURES`` names, where it names one."""
    folder = os.environ.get("VIEWKEEPER_FIGURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.json").write_text(json.dumps(figures), "utf-8")
