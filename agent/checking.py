"""One-off checks from the command line: pictures, folders and videos against a reference."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.adapters.pictures import draw_check
from viewkeeper.agent.adapters.sources import video
from viewkeeper.agent.adapters.sources.files import FileSource
from viewkeeper.agent.adapters.sources.video import VideoSource
from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.geometry import Lens
from viewkeeper.agent.core.view.registered import (
    RegisteredView,
    RegistrationError,
    register,
)
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.agent.ports import FrameSource, SourceEndedError
from viewkeeper.protocol.errors import Reason, SetupError

VIEW_SUFFIX = ".view"
EXIT_SAME, EXIT_MOVED, EXIT_CANNOT_TELL = 0, 1, 3
_EXIT = {"same": EXIT_SAME, "obstructed": EXIT_SAME, "moved": EXIT_MOVED}


@dataclass(frozen=True, slots=True)
class Reference:
    """What to compare with, and its picture where there is one to draw on."""

    view: RegisteredView
    picture: NDArray[np.uint8] | None


def source_for(path: Path) -> FrameSource:
    """The source that reads ``path``: a video by its suffix, else pictures."""
    if path.suffix.lower() in video.SUFFIXES:
        return VideoSource(path)
    return FileSource(path)


def frames_of(path: Path) -> Iterator[Frame]:
    """Every frame under ``path``.

    Raises:
        SourceError: with what is wrong and the cure.
    """
    source = source_for(path)
    source.open()
    try:
        while True:
            try:
                yield source.read(timeout_s=5.0)
            except SourceEndedError:
                return
    finally:
        source.close()


def registered(frames: list[Frame], lens: Lens, where: str) -> RegisteredView:
    """Register, in this room's words for what can go wrong."""
    try:
        return register(frames, lens)
    except RegistrationError as error:
        raise SetupError(Reason.REGISTRATION, f"{where}: {error.reason}: {error.hint}") from None


def load_view(data: bytes, where: str) -> RegisteredView:
    """Read a registered view's bytes."""
    try:
        return RegisteredView.from_bytes(data)
    except RegistrationError as error:
        raise SetupError(Reason.REGISTRATION, f"{where}: {error.reason}: {error.hint}") from None


def load_reference(path: Path, lens: Lens) -> Reference:
    """A registered view file, or pictures to register now.

    Args:
        path: a ``.view`` file (its own lens counts), a picture, a folder or a video.
        lens: for pictures.
    """
    if path.suffix == VIEW_SUFFIX:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SetupError(Reason.FILE_MISSING, f"{path}: {error.strerror}") from None
        return Reference(load_view(data, str(path)), None)
    frames = list(frames_of(path))
    return Reference(registered(frames, lens, str(path)), frames[0].luma)


def check_path(
    path: Path,
    reference: Reference,
    tolerance: Tolerance,
    *,
    as_json: bool,
    plot: Path | None,
    emit: Callable[[str], None],
) -> int:
    """Check every frame under ``path``, a line each to ``emit``; returns the exit code."""
    state = assessment.start(0.0)
    last: assessment.Check | None = None
    count = 0
    for frame in frames_of(path):
        state, last = assessment.check(state, reference.view, frame, tolerance, float(count))
        count += 1
        emit(_line(path, count, last, as_json=as_json))
    if last is None:
        raise SetupError(Reason.FILE_MISSING, f"{path} holds no frame")
    if plot is not None:
        draw_check(plot, reference.view, last.estimate, _caption(path, last), reference.picture)
    # One frame has only its own word; several have what they say together.
    verdict = last.judgement.verdict.value if count == 1 else last.verdict.value
    if count > 1 and not as_json:
        told = f" ({last.cause.value})" if last.cause else ""
        emit(f"{count} frames together: {verdict}{told}")
    return _EXIT.get(verdict, EXIT_CANNOT_TELL)


def facts_of(check: assessment.Check) -> dict[str, Any]:
    """One frame's result as plain data; numbers are null where nothing was found."""
    found, judgement = check.estimate, check.judgement
    error = dataclasses.asdict(found.stderr)
    numbers: dict[str, Any] = {}
    for name in ("pan_deg", "tilt_deg", "roll_deg", "zoom"):
        numbers[name] = round(float(getattr(found.move, name)), 5) if found.found else None
        value = error[name]
        finite = found.found and math.isfinite(value)
        numbers[name.replace("_deg", "") + "_error" + ("_deg" if "_deg" in name else "")] = (
            round(float(value), 5) if finite else None
        )
    return {
        "verdict": judgement.verdict.value,
        "cause": None if judgement.cause is None else judgement.cause.value,
        **numbers,
        "confidence": round(found.confidence, 4),
        "share_seen": round(found.share_seen, 4),
        "findings": [finding.kind.value for finding in check.health.findings],
    }


def _line(path: Path, number: int, check: assessment.Check, *, as_json: bool) -> str:
    facts = facts_of(check)
    if as_json:
        return json.dumps({"frame": number, "source": str(path), **facts})
    return f"frame {number}: {sentence(facts)}"


def sentence(facts: dict[str, Any]) -> str:
    """One frame's result for a person."""
    verdict = facts["verdict"] + (f" ({facts['cause']})" if facts["cause"] else "")
    if facts["pan_deg"] is None:
        return f"{verdict}; confidence {facts['confidence']:.2f}"
    return (
        f"{verdict}; pan {facts['pan_deg']:+.3f}° ± {facts['pan_error_deg']:.3f}, "
        f"tilt {facts['tilt_deg']:+.3f}° ± {facts['tilt_error_deg']:.3f}, "
        f"roll {facts['roll_deg']:+.3f}° ± {facts['roll_error_deg']:.3f}, "
        f"zoom {facts['zoom']:.4f} ± {facts['zoom_error']:.4f}; "
        f"confidence {facts['confidence']:.2f}, {100 * facts['share_seen']:.0f} % of the view seen"
    )


def _caption(path: Path, check: assessment.Check) -> list[str]:
    text = sentence(facts_of(check))
    first, _, rest = text.partition("; ")
    return [f"{path.name}: {first}", rest]
