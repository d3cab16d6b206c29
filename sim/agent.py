"""The real agent on a virtual camera: its own main, with the harness's adapters beside its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from viewkeeper.agent import cli
from viewkeeper.sim.source import adapters


def main(argv: Sequence[str] | None = None) -> int:
    """Run an agent command; see ``viewkeeper-agent --help``."""
    return cli.main(argv, adapters())


if __name__ == "__main__":
    sys.exit(main())
