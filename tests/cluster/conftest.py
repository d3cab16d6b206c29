"""Only for `make test-cluster`: it needs nats-server and haproxy, and fixed ports."""

from __future__ import annotations

import os

if os.environ.get("VIEWKEEPER_CLUSTER") != "1":
    collect_ignore_glob = ["test_*.py"]
