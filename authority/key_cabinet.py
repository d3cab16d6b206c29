"""The keys that lie at a desk, each with a card saying whose it is and for what."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from viewkeeper.authority.keys import create_key_file, load_key_file, write_new
from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.fields import pack, parse
from viewkeeper.protocol.orders import KeyEntry
from viewkeeper.protocol.vocabulary import Role

KEY_LIFE_S = 3 * 366 * 86_400
_SKEW_S = 300

Passphrase = Callable[[str], bytes | None]
"""From a key's name to its passphrase; ``None`` for a key without one."""


def no_passphrase(_name: str) -> None:
    """For throw-away keys only."""
    return


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that lies at this desk.

    Attributes:
        name: of its files.
        entry: what a keyset says of it.
    """

    name: str
    entry: KeyEntry

    @property
    def kid(self) -> bytes:
        return cose.VerifyKey(cose.Algorithm(self.entry.algorithm), self.entry.raw).kid


class KeyCabinet:
    """A directory of private keys (``NAME.pem``) and their cards (``NAME.json``)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def new_key(
        self,
        name: str,
        person: str,
        roles: Sequence[Role],
        *,
        now_s: int,
        life_s: int = KEY_LIFE_S,
        passphrase: Passphrase = no_passphrase,
    ) -> HeldKey:
        """Make a key. It may sign nothing until a keyset names it.

        Raises:
            SetupError: the name is taken, or is none.
        """
        if not name or not all(char.isalnum() or char in "-_" for char in name):
            raise SetupError(Reason.SETTING, f"key name {name!r}: letters, digits, - and _ only")
        signer = create_key_file(self.path(name), passphrase(name))
        entry = KeyEntry(
            algorithm=int(signer.verify_key.algorithm),
            raw=signer.verify_key.raw,
            person=person,
            roles=tuple(roles),
            not_before=now_s - _SKEW_S,
            not_after=now_s + life_s,
        )
        table = {
            "person": person,
            "roles": [role.value for role in roles],
            "entry": cbor.encode(pack(entry)).hex(),
        }
        text = json.dumps(table, ensure_ascii=False, indent=2)
        write_new(self.directory / f"{name}.json", text.encode("utf-8"))
        return HeldKey(name, entry)

    def all(self) -> list[HeldKey]:
        """Every key that lies here, by name."""
        return [self.key(path.stem) for path in sorted(self.directory.glob("*.json"))]

    def key(self, name: str) -> HeldKey:
        """One key.

        Raises:
            SetupError: no such key, or its card does not read.
        """
        path = self.directory / f"{name}.json"
        try:
            packed = bytes.fromhex(json.loads(path.read_text(encoding="utf-8"))["entry"])
            return HeldKey(name, parse(KeyEntry, cbor.decode(packed)))
        except FileNotFoundError as error:
            raise SetupError(Reason.FILE_MISSING, f"no key {name} at this desk") from error
        except (OSError, ValueError, KeyError, TypeError, RefusalError) as error:
            raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error}") from error

    def signer(self, name: str, passphrase: Passphrase = no_passphrase) -> cose.Signer:
        """Open a private key.

        Raises:
            SetupError: missing, or the passphrase is wrong.
        """
        self.key(name)
        return load_key_file(self.path(name), passphrase(name))

    def path(self, name: str) -> Path:
        """Where a private key lies."""
        return self.directory / f"{name}.pem"
