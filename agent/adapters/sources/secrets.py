"""A camera's password: from a file that only its owner reads, never from the settings."""

from __future__ import annotations

from pathlib import Path

from viewkeeper.secret_file import read_secret_text


def read_password(path: str) -> str:
    """The first line of the file.

    Raises:
        SetupError: missing, readable for others, or empty.
    """
    return read_secret_text(Path(path))
