"""The cameras of this desk: who they are, and where each row of orders stands."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.orders import Keyset, Order, keyset_hash, payload_hash
from viewkeeper.protocol.topics import Topics
from viewkeeper.protocol.vocabulary import OrderKind


@dataclass(frozen=True, slots=True)
class RowAtDesk:
    """What the desk knows of one camera's row of orders of one kind.

    Attributes:
        issued: highest sequence signed here; never used again.
        accepted: sequence the camera last acknowledged; 0 before.
        head: payload hash of that order, hexadecimal; ``None`` before.
    """

    issued: int = 0
    accepted: int = 0
    head: str | None = None


@dataclass(frozen=True, slots=True)
class Camera:
    """One entry of the register.

    Attributes:
        site, camera: the two ids of its topics; ``camera`` is the audience of its orders
            and unique at this desk.
        device_key: raw public key, hexadecimal.
        title: for people.
        hfov_deg: horizontal field of view, for drawing; ``None`` where not known.
        enrolled_at: Unix seconds.
        keyset_version: the version it was last known to hold.
        rows: by kind of order, lower case.
        device_algorithm: COSE number of the device key's algorithm.
        extra: whatever else the one-camera-one-file record holds (REGULATION §9).
    """

    site: str
    camera: str
    device_key: str
    title: str
    hfov_deg: float | None
    enrolled_at: int
    keyset_version: int = 1
    rows: dict[str, RowAtDesk] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    device_algorithm: int = int(cose.Algorithm.ED25519)

    @property
    def key(self) -> cose.VerifyKey:
        return cose.VerifyKey(cose.Algorithm(self.device_algorithm), bytes.fromhex(self.device_key))

    @property
    def topics(self) -> Topics:
        return Topics(self.site, self.camera)

    def row(self, kind: OrderKind) -> RowAtDesk:
        return self.rows.get(kind.name.lower(), RowAtDesk())

    def with_row(self, kind: OrderKind, row: RowAtDesk) -> Camera:
        return dataclasses.replace(self, rows={**self.rows, kind.name.lower(): row})

    def public(self) -> dict[str, Any]:
        """What the dashboard's register file holds of it."""
        return {
            "site": self.site,
            "camera": self.camera,
            "device_key": self.device_key,
            "device_algorithm": self.device_algorithm,
            "kid": self.key.kid.hex(),
            "title": self.title,
            "hfov_deg": self.hfov_deg,
            "enrolled_at": self.enrolled_at,
            **self.extra,
        }


def load_camera(directory: Path, camera: str) -> Camera:
    """Read an entry.

    Raises:
        SetupError: no such camera, or an entry that does not read.
    """
    path = directory / camera / "camera.json"
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        rows = {kind: RowAtDesk(**row) for kind, row in table.pop("rows").items()}
        return Camera(rows=rows, **table)
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"no camera {camera} at this desk") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error}") from error


def save_camera(directory: Path, camera: Camera) -> None:
    """Write an entry whole."""
    home = directory / camera.camera
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps(dataclasses.asdict(camera), ensure_ascii=False, indent=2, sort_keys=True)
    write_atomically(home / "camera.json", text.encode("utf-8") + b"\n")


def write_atomically(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path``, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def acknowledged(entry: Camera, order: Order) -> Camera:
    """The entry once the camera has accepted an order of ours; an older one changes nothing."""
    sequence, row = order.header.sequence, entry.row(order.kind)
    if sequence < row.accepted:
        return entry
    body = order.body
    head = keyset_hash(body) if isinstance(body, Keyset) else payload_hash(order.encode())
    after = RowAtDesk(max(row.issued, sequence), sequence, head.hex())
    entry = entry.with_row(order.kind, after)
    if not isinstance(body, Keyset):
        return entry
    if body.epoch > order.header.epoch:  # a new epoch starts every other row anew
        entry = dataclasses.replace(entry, rows={"keyset": after})
    return dataclasses.replace(entry, keyset_version=body.version)
