"""The file of operators: who may sign in at the dashboard, with salted scrypt hashes.

Only its owner reads it. Nobody's password is kept, and a wrong one costs as much as a right one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import stat
import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from viewkeeper.protocol.errors import Reason, SetupError

MIN_PASSWORD, MAX_PASSWORD, MAX_NAME = 12, 256, 60
LOG2_COST, BLOCK, LANES = 15, 8, 3
"""scrypt's N = 2^15, r = 8, p = 3: 32 MiB for one try (OWASP Password Storage Cheat Sheet)."""
_MAX_LOG2_COST = 20


@dataclass(frozen=True, slots=True)
class Operator:
    """One who may sign in.

    Attributes:
        name: 1 to 60 printable characters, in Unicode form NFC.
        salt, hash: hexadecimal; ``hash`` is scrypt of the password, 32 bytes.
        log2_cost, lanes: scrypt's cost: N = 2^log2_cost (10..20), p (1..16); r is 8.
    """

    name: str
    salt: str
    hash: str
    log2_cost: int = LOG2_COST
    lanes: int = LANES

    def holds(self, password: str) -> bool:
        """Whether it is the operator's password; takes the same time either way."""
        made = _scrypt(password, bytes.fromhex(self.salt), self.log2_cost, self.lanes)
        return hmac.compare_digest(made, bytes.fromhex(self.hash))


NOBODY = Operator("", "00" * 16, "00" * 32)
"""Tried where the name is unknown, so that the time does not tell which names there are."""


def new_operator(
    name: str, password: str, *, log2_cost: int = LOG2_COST, lanes: int = LANES
) -> Operator:
    """An operator with a fresh salt.

    Raises:
        SetupError: a name or password that cannot be used.
    """
    named = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(named) <= MAX_NAME or not named.isprintable():
        raise SetupError(
            Reason.SETTING, f"an operator's name has 1 to {MAX_NAME} printable characters"
        )
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise SetupError(
            Reason.SETTING, f"use a password of {MIN_PASSWORD} to {MAX_PASSWORD} characters"
        )
    salt = secrets.token_bytes(16)
    made = _scrypt(password, salt, log2_cost, lanes)
    return Operator(named, salt.hex(), made.hex(), log2_cost, lanes)


def load_operators(path: Path) -> Mapping[str, Operator]:
    """Everyone in the file, by name.

    Raises:
        SetupError: missing, open to others, or not an operators file.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = f"there is no operators file {path}; viewkeeper-dashboard operator add {path} NAME"
        raise SetupError(Reason.FILE_MISSING, hint) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"cannot read {path}: {error}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SetupError(Reason.FILE_UNREADABLE, f"others may read {path}: chmod 600 {path}")
    try:
        rows = json.loads(text)["operators"]
        found = [_operator(row) for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is not an operators file") from None
    return {one.name: one for one in found}


def save_operators(path: Path, operators: Mapping[str, Operator]) -> None:
    """Write the file whole, for its owner alone.

    Raises:
        SetupError: it cannot be written.
    """
    rows = [asdict(operators[name]) for name in sorted(operators)]
    text = json.dumps({"operators": rows}, ensure_ascii=False, indent=1) + "\n"
    try:
        # mkstemp makes it 0600 from its first byte on.
        descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"cannot write {path}: {error.strerror}") from None


def _operator(row: object) -> Operator:
    """Raises ValueError or TypeError where a row says something impossible."""
    one = Operator(**cast("dict[str, Any]", row))
    right = (
        isinstance(one.name, str)
        and 1 <= len(one.name) <= MAX_NAME
        and re.fullmatch("([0-9a-f]{2}){16,64}", one.salt)
        and re.fullmatch("[0-9a-f]{64}", one.hash)
        and 10 <= one.log2_cost <= _MAX_LOG2_COST
        and 1 <= one.lanes <= 16
    )
    if not right:
        raise ValueError("no operator")
    return one


def _scrypt(password: str, salt: bytes, log2_cost: int, lanes: int) -> bytes:
    given = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    cost = 1 << log2_cost
    room = 128 * BLOCK * (cost + lanes + 2) + (1 << 20)
    return hashlib.scrypt(given, salt=salt, n=cost, r=BLOCK, p=lanes, maxmem=room, dklen=32)
