"""A camera's password: from a file that only its owner reads, never from the settings."""

from __future__ import annotations

import stat
from pathlib import Path

from viewkeeper.protocol.errors import Reason, SetupError

MAX_BYTES = 1024


def read_password(path: str) -> str:
    """The first line of the file.

    Raises:
        SetupError: missing, readable for others, or empty.
    """
    file = Path(path)
    try:
        mode = file.stat().st_mode
        text = file.read_bytes()[:MAX_BYTES].decode("utf-8")
    except FileNotFoundError:
        raise SetupError(Reason.FILE_MISSING, f"{path}: no such password file") from None
    except (OSError, UnicodeDecodeError):
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} cannot be read as text") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SetupError(
            Reason.FILE_UNREADABLE, f"others may read {path}: chmod 600 {path}, then try again"
        )
    password = text.splitlines()[0] if text else ""
    if not password:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is empty; its first line is the password")
    return password
