"""The signing desk as a library: what the command line, the demo and the tests call.

A desk is a directory::

    keys/NAME.pem, NAME.json      private key, and whose it is for what
    keysets/0001.cbor             every keyset this desk has issued
    cameras/ID/camera.json        register entry
    cameras/ID/enrolment.cbor     what the camera was given by hand
    cameras/ID/orders/…cose       every order signed here
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from viewkeeper.authority.drafting import ORDER_LIFE_S, next_order
from viewkeeper.authority.key_cabinet import HeldKey, KeyCabinet, Passphrase, no_passphrase
from viewkeeper.authority.keys import write_new
from viewkeeper.authority.pilot import first_keyset
from viewkeeper.authority.register import (
    Camera,
    RowAtDesk,
    acknowledged,
    load_camera,
    save_camera,
    write_atomically,
)
from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.fields import pack, parse
from viewkeeper.protocol.orders import (
    DOMAINS,
    Keyset,
    Order,
    OrderBody,
    keyset_hash,
    payload_hash,
)
from viewkeeper.protocol.records import VerdictRecord
from viewkeeper.protocol.vocabulary import OrderKind, Role


class Desk:
    """A signing desk.

    Raises:
        SetupError: the directory is none.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.cabinet = KeyCabinet(directory / "keys")
        if not (directory / "keysets").is_dir():
            raise SetupError(
                Reason.FILE_MISSING,
                f"{directory} is no signing desk: viewkeeper-authority init {directory}",
            )

    @classmethod
    def create(
        cls,
        directory: Path,
        persons: Sequence[str],
        *,
        now_s: int,
        passphrase: Passphrase = no_passphrase,
    ) -> Desk:
        """Set up a desk for a pilot: one key a person and role, and keyset 1.

        With one or two persons thresholds are 1 and nobody may look at footage. From
        three on, root takes two persons, and the first approves what the others look at.

        Raises:
            SetupError: a desk is there already, or no person is named.
        """
        if not persons or len(set(persons)) != len(persons):
            raise SetupError(Reason.SETTING, "name at least one person, each once")
        if (directory / "keysets").exists():
            raise SetupError(Reason.SETTING, f"{directory} is a signing desk already")
        for name in ("keys", "keysets", "cameras"):
            (directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        desk = cls(directory)
        desk.keep_keyset(first_keyset(desk.cabinet, persons, now_s=now_s, passphrase=passphrase))
        return desk

    # keys

    def keys_for(self, role: Role) -> list[HeldKey]:
        """Keys here that the present keyset lets sign for a role, as many as it takes.

        Raises:
            SetupError: fewer persons' keys lie here, or nobody holds the role.
        """
        entries = set(self.keyset.keys)
        chosen: dict[str, HeldKey] = {}
        for held in self.cabinet.all():
            if role in held.entry.roles and held.entry in entries:
                chosen.setdefault(held.entry.person, held)
        needed = self.persons_needed(role)
        if len(chosen) < needed:
            raise SetupError(
                Reason.THRESHOLD_NOT_MET,
                f"{role} takes {needed} persons; keys of {len(chosen)} lie here",
            )
        return list(chosen.values())[:needed]

    def signers_for(self, role: Role, passphrase: Passphrase = no_passphrase) -> list[cose.Signer]:
        """The same keys, opened."""
        return [self.cabinet.signer(held.name, passphrase) for held in self.keys_for(role)]

    def persons_needed(self, role: Role) -> int:
        """The threshold of a role in the present keyset.

        Raises:
            SetupError: nobody holds the role.
        """
        for threshold in self.keyset.thresholds:
            if threshold.role is role:
                return threshold.persons
        raise SetupError(Reason.ROLE_MISSING, f"the keyset gives nobody the role {role}")

    # keysets

    @property
    def keyset(self) -> Keyset:
        """The latest."""
        return self.keyset_history()[-1]

    def keyset_history(self) -> list[Keyset]:
        """Every keyset issued here, oldest first."""
        paths = sorted((self.directory / "keysets").glob("*.cbor"))
        if not paths:
            raise SetupError(Reason.FILE_MISSING, f"{self.directory} holds no keyset")
        return [parse(Keyset, cbor.decode(path.read_bytes())) for path in paths]

    def keep_keyset(self, keyset: Keyset) -> None:
        """Put a keyset on file."""
        path = self.directory / "keysets" / f"{keyset.version:04d}.cbor"
        write_new(path, cbor.encode(pack(keyset)))

    # cameras

    def enrol(
        self,
        *,
        camera: str,
        site: str,
        device_key: cose.VerifyKey,
        now_s: int,
        title: str = "",
        hfov_deg: float | None = None,
        extra: dict[str, Any] | None = None,
    ) -> Enrolment:
        """Enter a camera in the register and make the bundle it is given by hand.

        Raises:
            SetupError: the id is taken (at any site: it is the audience of its orders),
                or not an id.
        """
        if (self._cameras / camera / "camera.json").exists():
            raise SetupError(Reason.SETTING, f"camera {camera} is enrolled at this desk already")
        keyset = self.keyset
        enrolment = Enrolment(
            device=camera,
            site=site,
            keyset=keyset,
            enrolled_at=now_s,
            device_algorithm=int(device_key.algorithm),
            device_key=device_key.raw,
        )
        entry = Camera(
            site=site,
            camera=camera,
            device_key=device_key.raw.hex(),
            device_algorithm=int(device_key.algorithm),
            title=title or camera,
            hfov_deg=hfov_deg,
            enrolled_at=now_s,
            keyset_version=keyset.version,
            rows={"keyset": RowAtDesk(keyset.version, keyset.version, keyset_hash(keyset).hex())},
            extra=extra or {},
        )
        _ = entry.topics  # refuses ids that cannot be topics
        try:
            bundle = enrolment.encode()
        except RefusalError as error:
            raise SetupError(Reason.SETTING, error.hint) from error
        save_camera(self._cameras, entry)
        write_atomically(self.enrolment_file(camera), bundle)
        return enrolment

    def camera(self, camera: str) -> Camera:
        """One camera's entry."""
        return load_camera(self._cameras, camera)

    def cameras(self) -> list[Camera]:
        """Every camera enrolled here, by id."""
        return [
            self.camera(path.parent.name) for path in sorted(self._cameras.glob("*/camera.json"))
        ]

    def register(self) -> list[dict[str, Any]]:
        """The cameras as the dashboard reads them (JSON)."""
        return [camera.public() for camera in self.cameras()]

    def people(self, role: Role) -> list[dict[str, Any]]:
        """Who holds a role in the latest keyset, as the dashboard reads it (JSON)."""
        return [
            {"person": key.person, "public": key.raw.hex(), "algorithm": key.algorithm}
            for key in self.keyset.keys
            if role in key.roles
        ]

    # orders

    def draft(
        self, camera: str, body: OrderBody, *, now_s: int, life_s: int = ORDER_LIFE_S
    ) -> Order:
        """The next order to a camera: next sequence, after the last it acknowledged."""
        entry = self.camera(camera)
        return next_order(entry, self._keyset_of(entry), body, now_s=now_s, life_s=life_s)

    def sign(self, order: Order, signers: Sequence[cose.Signer]) -> bytes:
        """Sign an order and put it on file. Showing it to the person comes before.

        One signer gives a COSE_Sign1, several a COSE_Sign; keysets and grants always the
        latter.
        """
        payload, domain = order.encode(), DOMAINS[order.kind]
        if len(signers) == 1 and order.kind not in (OrderKind.KEYSET, OrderKind.GRANT):
            message = cose.sign1(payload, signers[0], domain)
        else:
            message = cose.sign(payload, signers, domain)
        self.keep_order(order, message)
        return message

    def keep_order(self, order: Order, message: bytes) -> Path:
        """Put a signed order on file and its sequence out of use."""
        header = order.header
        entry = self.camera(header.audience)
        row = entry.row(order.kind)
        issued = dataclasses.replace(row, issued=max(row.issued, header.sequence))
        save_camera(self._cameras, entry.with_row(order.kind, issued))
        path = self.order_file(order)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomically(path, message)
        return path

    def order_file(self, order: Order) -> Path:
        """Where a signed order is kept."""
        kind, header = order.kind.name.lower(), order.header
        name = f"{kind}-{header.epoch:04d}-{header.sequence:08d}.cose"
        return self._cameras / header.audience / "orders" / name

    def order_hashes(self, camera: str) -> frozenset[bytes]:
        """SHA-256 of every order to a camera that is on file here."""
        files = (self._cameras / camera / "orders").glob("*.cose")
        return frozenset(hashlib.sha256(path.read_bytes()).digest() for path in files)

    def enrolment_file(self, camera: str) -> Path:
        """Where a camera's enrolment bundle is kept."""
        return self._cameras / camera / "enrolment.cbor"

    def last_accepted(self, camera: str, kind: OrderKind) -> Order | None:
        """The order of a kind that the camera last acknowledged; ``None`` before."""
        entry = self.camera(camera)
        row = entry.row(kind)
        if row.head is None:
            return None
        for path in (self._cameras / camera / "orders").glob(f"{kind.name.lower()}-*.cose"):
            payload = cose.unverified_payload(path.read_bytes())
            if payload_hash(payload).hex() == row.head:
                return Order.decode(payload, kind)
        return None

    def acknowledge(self, camera: str, message: bytes, verdict: VerdictRecord) -> None:
        """Note a verdict, already verified, on an order of ours."""
        if not verdict.accepted:
            return
        payload = cose.unverified_payload(message)
        order = Order.decode(payload, verdict.order)
        save_camera(self._cameras, acknowledged(self.camera(camera), order))

    def _keyset_of(self, entry: Camera) -> Keyset:
        return next(each for each in self.keyset_history() if each.version == entry.keyset_version)

    @property
    def _cameras(self) -> Path:
        return self.directory / "cameras"
