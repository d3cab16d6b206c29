"""The signing desk's command line, as a person calls it."""

import subprocess
import sys


def desk_tool(*words: object, expect: int = 0) -> str:
    """What ``viewkeeper-authority`` says; its exit code must be as expected."""
    done = subprocess.run(
        [sys.executable, "-m", "viewkeeper.authority.cli", *map(str, words)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr
