"""Only for `make home-assistant`, which builds the environments that this needs."""

from __future__ import annotations

import os

if "VIEWKEEPER_HOME_ASSISTANT" not in os.environ:
    collect_ignore_glob = ["test_*.py"]
