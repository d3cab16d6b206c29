"""Opening a bundle; nothing in it is believed yet."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewkeeper.agent.core.ledger.entries import GENESIS, Entry, record_hash
from viewkeeper.agent.core.ledger.frames import Damage, peek, scan
from viewkeeper.protocol import inspection
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError

MAX_MEMBER_BYTES = 64 << 20
MAX_TOTAL_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds.

    Attributes:
        device: whose it says it is.
        exported_utc_ms, clock_trusted: when, by the camera's clock.
        records: the ledger, up to the first damage.
        damage: ``none``, or what is wrong and where.
        detail: the damage in words.
        checkpoint: the camera's statement made for the export; empty where missing.
        witness: checkpoints others have kept.
    """

    device: str
    exported_utc_ms: int
    clock_trusted: bool
    records: tuple[bytes, ...]
    damage: Damage
    detail: str
    checkpoint: bytes
    witness: tuple[bytes, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(Entry.decode(record) for record in self.records)


def read_bundle(path: Path) -> Bundle:
    """Open a bundle.

    Raises:
        SetupError: it is not one, or larger than any honest one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            if sum(info.file_size for info in members.values()) > MAX_TOTAL_BYTES:
                raise SetupError(Reason.TOO_LARGE, f"{path} unpacks to more than 512 MiB")
            content = {name: _read(archive, info) for name, info in members.items()}
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"no such file: {path}") from error
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path}: {error}") from error
    about = _about(content.get(inspection.ABOUT, b""), path)
    files = [content[name] for name in sorted(content) if name.startswith(inspection.LEDGER)]
    records, damage, detail = _join(files)
    return Bundle(
        device=str(about["device"]),
        exported_utc_ms=int(about["exported_utc_ms"]),
        clock_trusted=about["clock_trusted"] is True,
        records=records,
        damage=damage,
        detail=detail,
        checkpoint=content.get(inspection.CHECKPOINT, b""),
        witness=tuple(
            content[name] for name in sorted(content) if name.startswith(inspection.WITNESS)
        ),
    )


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        data = member.read(MAX_MEMBER_BYTES + 1)
    if len(data) > MAX_MEMBER_BYTES:
        raise SetupError(Reason.TOO_LARGE, f"{info.filename} unpacks to more than 64 MiB")
    return data


def _about(data: bytes, path: Path) -> dict[str, Any]:
    try:
        about = json.loads(data)
        _ = str(about["device"]), int(about["exported_utc_ms"]), about["clock_trusted"]
    except (ValueError, KeyError, TypeError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{path} is no inspection bundle") from error
    return about


def _join(files: list[bytes]) -> tuple[tuple[bytes, ...], Damage, str]:
    """One chain over all files; the first may begin in the middle."""
    records: list[bytes] = []
    index, previous = 0, GENESIS
    if files:
        first = peek(files[0])
        try:
            entry = None if first is None else Entry.decode(first)
        except RefusalError as error:
            return (), Damage.TAMPERED, f"the first entry does not read: {error.hint}"
        if entry is not None:
            index, previous = entry.index, entry.previous
    for data in files:
        found = scan(data, first_index=index, previous=previous)
        records.extend(found.records)
        if found.damage is not Damage.NONE:
            return tuple(records), found.damage, found.detail
        if found.records:
            index, previous = index + len(found.records), record_hash(found.records[-1])
    return tuple(records), Damage.NONE, f"{len(records)} entries"
