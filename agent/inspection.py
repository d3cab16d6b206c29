"""Exporting what the camera did, for an auditor who trusts nobody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from viewkeeper.agent.adapters.store.ledger_file import LedgerFile
from viewkeeper.agent.core.ledger.entries import Entry
from viewkeeper.agent.core.ledger.frames import peek
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.protocol import cose, inspection
from viewkeeper.protocol.checkpoints import Checkpoint, seal_checkpoint
from viewkeeper.protocol.errors import Reason, SetupError

if TYPE_CHECKING:
    import zipfile

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Members carry no time: what happened when stands inside."""


def export_bundle(
    target: Path,
    ledger: LedgerFile,
    *,
    device: str,
    signer: cose.Signer,
    now: Now,
    witness: Sequence[bytes] = (),
) -> None:
    """Write an inspection bundle.

    Args:
        target: the ZIP file; must not exist.
        ledger: of the camera; may be in use, what is exported ends where it ends now.
        device: the camera's id.
        signer: the device key.
        now: the time as the camera has it.
        witness: countersignatures, or sealed checkpoints that others have kept.

    Raises:
        SetupError: the file is there already or cannot be written.
    """
    utc_ms = now.utc_s * 1000
    checkpoint = Checkpoint(device=device, size=ledger.size, root=ledger.root, utc_ms=utc_ms)
    about = {
        "device": device,
        "exported_utc_ms": utc_ms,
        "clock_trusted": now.trusted,
        "size": ledger.size,
    }

    def contents() -> Iterator[bytes]:
        for path in ledger.files():
            data = path.read_bytes()
            yield data[: ledger.file_bytes] if path == ledger.path else data

    write_bundle(target, about, contents(), seal_checkpoint(checkpoint, signer), witness)


def write_bundle(
    target: Path,
    about: Mapping[str, object],
    files: Iterable[bytes],
    checkpoint: bytes,
    witness: Sequence[bytes],
) -> None:
    """The ZIP file of what was gathered, here or from a MicroPython device.

    Args:
        target: must not exist.
        about: ``device``, ``exported_utc_ms``, ``clock_trusted``, ``size``.
        files: of the ledger, in any order.
        checkpoint: sealed for the export.
        witness: as for ``export_bundle``.

    Raises:
        SetupError: the file is there already or cannot be written.
    """
    import zipfile  # 0.8 MB that a running agent has no use for

    told = {"format": inspection.FORMAT, **about}
    try:
        with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as bundle:
            _add(bundle, inspection.ABOUT, json.dumps(told, indent=2).encode())
            for data in files:
                record = peek(data)
                if record is not None:
                    index = Entry.decode(record).index
                    _add(bundle, f"{inspection.LEDGER}{index:012d}", data)
            _add(bundle, inspection.CHECKPOINT, checkpoint)
            for number, message in enumerate(witness):
                _add(bundle, f"{inspection.WITNESS}{number:06d}.cose", message)
    except FileExistsError as error:
        raise SetupError(Reason.SETTING, f"{target} is there already and is kept") from error
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{target}: {error.strerror}") from error


def _add(bundle: zipfile.ZipFile, name: str, data: bytes) -> None:
    from zipfile import ZIP_DEFLATED, ZipInfo

    member = ZipInfo(name, _EPOCH)
    member.compress_type = ZIP_DEFLATED
    bundle.writestr(member, data)
