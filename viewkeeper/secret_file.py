"""The one reader of files that hold a secret: a key, a PIN, a password.

As OpenSSH does with keys: what others may read is not used. A symlink is not followed, so that
nobody who may write the folder can put another file in its place.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from viewkeeper.protocol.errors import Reason, SetupError

MAX_BYTES = 16_384


def read_private(path: Path, missing: str, why: str) -> bytes:
    """The content of a file that only its owner may read.

    Args:
        missing: what to tell where there is none.
        why: what to tell, after the cure, where others may read it.

    Raises:
        SetupError: missing, no regular file, or open to others.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, missing) from error
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error.strerror}") from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise SetupError(Reason.FILE_UNREADABLE, f"{path} is not a file")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SetupError(Reason.SETTING, f"others may read {path}: chmod 600 it, {why}")
        return os.read(descriptor, MAX_BYTES)
    finally:
        os.close(descriptor)


def read_secret(path: Path) -> bytes:
    """The first line of such a file.

    Raises:
        SetupError: as ``read_private``, or empty.
    """
    line = read_private(path, f"no such file: {path}", "it holds a secret").splitlines()[:1]
    if not line or not line[0]:
        raise SetupError(Reason.SETTING, f"{path} is empty; its first line is the secret")
    return line[0]


def read_secret_text(path: Path) -> str:
    """The same as text.

    Raises:
        SetupError: as ``read_secret``, or not UTF-8.
    """
    try:
        return read_secret(path).decode("utf-8")
    except UnicodeDecodeError:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} cannot be read as text") from None


def optional_secret_text(path: str) -> str:
    """The same of a path as settings have it; an empty path means that there is no secret."""
    return read_secret_text(Path(path)) if path else ""
