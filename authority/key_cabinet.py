"""The keys that lie at a desk, each with a card saying whose it is and for what."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from viewkeeper.authority.key_stores import KeyStore
from viewkeeper.authority.keys import write_new
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
        store: where its private half is.
    """

    name: str
    entry: KeyEntry
    store: KeyStore = KeyStore()

    @property
    def kid(self) -> bytes:
        return cose.VerifyKey(cose.Algorithm(self.entry.algorithm), self.entry.raw).kid


def _check_name(name: str) -> None:
    if not name or not all(char.isalnum() or char in "-_" for char in name):
        raise SetupError(Reason.SETTING, f"key name {name!r}: letters, digits, - and _ only")


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
        store: KeyStore | None = None,
        algorithm: cose.Algorithm = cose.Algorithm.ED25519,
    ) -> HeldKey:
        """Make a key. It may sign nothing until a keyset names it.

        Raises:
            SetupError: the name is taken, or is none.
        """
        _check_name(name)
        store = store or KeyStore()
        if (self.directory / f"{name}.json").exists():
            raise SetupError(Reason.SETTING, f"there is a key {name} at this desk already")
        secret = passphrase(name)
        signer = store.open(self.path(name), secret, create=True, algorithm=algorithm)
        if store.kind == "tpm":
            store = dataclasses.replace(store, password=secret is not None)
        return self._keep(name, person, roles, signer.verify_key, store, now_s, life_s)

    def import_key(
        self,
        name: str,
        person: str,
        roles: Sequence[Role],
        key: cose.VerifyKey,
        *,
        now_s: int,
        life_s: int = KEY_LIFE_S,
    ) -> HeldKey:
        """Take a card for a key whose private half lies elsewhere: another desk, a recorder.

        Raises:
            SetupError: the name is taken, or is none.
        """
        _check_name(name)
        store = KeyStore(kind="elsewhere")
        return self._keep(name, person, roles, key, store, now_s, life_s)

    def _keep(
        self,
        name: str,
        person: str,
        roles: Sequence[Role],
        key: cose.VerifyKey,
        store: KeyStore,
        now_s: int,
        life_s: int,
    ) -> HeldKey:
        entry = KeyEntry(
            algorithm=int(key.algorithm),
            raw=key.raw,
            person=person,
            roles=tuple(roles),
            not_before=now_s - _SKEW_S,
            not_after=now_s + life_s,
        )
        table = {
            "person": person,
            "roles": [role.value for role in roles],
            "entry": cbor.encode(pack(entry)).hex(),
            "store": store.card(),
        }
        text = json.dumps(table, ensure_ascii=False, indent=2)
        write_new(self.directory / f"{name}.json", text.encode("utf-8"))
        return HeldKey(name, entry, store)

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
            card = json.loads(path.read_text(encoding="utf-8"))
            entry = parse(KeyEntry, cbor.decode(bytes.fromhex(card["entry"])))
            return HeldKey(name, entry, KeyStore.of_card(card))
        except FileNotFoundError as error:
            raise SetupError(Reason.FILE_MISSING, f"no key {name} at this desk") from error
        except (OSError, ValueError, KeyError, TypeError, RefusalError) as error:
            raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error}") from error

    def signer(self, name: str, passphrase: Passphrase = no_passphrase) -> cose.Signer:
        """Open a private key.

        Raises:
            SetupError: missing, or the passphrase is wrong.
        """
        store = self.key(name).store
        secret = passphrase(name) if store.asks(self.path(name)) else None
        return store.open(self.path(name), secret)

    def asks(self, name: str) -> bool:
        """Whether opening a key takes a passphrase, a PIN or a password."""
        return self.key(name).store.asks(self.path(name))

    def path(self, name: str) -> Path:
        """Where a private key lies."""
        return self.directory / f"{name}.pem"
