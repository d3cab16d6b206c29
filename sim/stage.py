"""The stage file: the harness's hand on a running virtual camera.

Rule: the harness writes, the agent's process reads; a reader sees the file before or after a
change, never in the middle. Every verb of the stagehand writes at once; nothing is kept that the
file does not say.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.errors import StageError
from viewkeeper.sim.signage import Board, LampFault
from viewkeeper.sim.stage_format import STREET, Scene, Stage, check_ranges, word

__all__ = ["STREET", "Scene", "Stage", "StageHand", "read_stage", "stage_bytes", "write_stage"]

_MAX_BYTES = 64 * 1024


def read_stage(path: str | Path) -> Stage:
    """Read a stage file.

    Raises:
        StageError: missing, unreadable, too large, or saying what it may not.
    """
    return Stage.from_json(stage_bytes(path))


def stage_bytes(path: str | Path) -> bytes:
    """The file's content, as one version of it."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise StageError("stage_unreadable", f"stage file {path}: {why}") from None
    if len(data) > _MAX_BYTES:
        raise StageError("stage_too_large", f"stage file {path}: larger than 64 KiB")
    return data


def write_stage(path: str | Path, stage: Stage) -> None:
    """Replace the stage file in one step, so that no reader sees half of it."""
    check_ranges(stage)
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        beside.write_text(stage.to_json(), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        why = error.strerror or "cannot be written"
        raise StageError("stage_unwritable", f"stage file {path}: {why}") from None


class StageHand:
    """For stories: changes one thing at a time and writes the file at once.

    hand = StageHand(path, Stage())
    hand.knock(pan_deg=3)
    hand.straighten()
    """

    def __init__(self, path: str | Path, stage: Stage | None = None) -> None:
        self.path = Path(path)
        self.stage = read_stage(path) if stage is None else stage
        if stage is not None:
            write_stage(path, stage)

    def set(self, **changes: Any) -> Stage:
        """Change fields of the stage."""
        self.stage = replace(self.stage, **changes)
        write_stage(self.path, self.stage)
        return self.stage

    def conditions(self, **changes: float | bool) -> Stage:
        """Change weather, lens and sensor: `Conditions` names them."""
        return self.set(conditions=self.stage.conditions.but(**changes))

    def knock(
        self,
        pan_deg: float = 0.0,
        tilt_deg: float = 0.0,
        roll_deg: float = 0.0,
        zoom: float = 1.0,
    ) -> Stage:
        """Push the camera: it rings, and stays where it was pushed to."""
        pushed = self.stage.knocked(pan_deg, tilt_deg, roll_deg, zoom)
        self.stage = replace(pushed, strikes=pushed.strikes + 1)
        write_stage(self.path, self.stage)
        return self.stage

    def straighten(self) -> Stage:
        """Back to the registered pose."""
        return self.set(pan_deg=0.0, tilt_deg=0.0, roll_deg=0.0, zoom=1.0)

    def strike(self) -> Stage:
        """Hit the pole; it rings and comes to rest where it was."""
        return self.set(strikes=self.stage.strikes + 1)

    def cover(self, opacity: float = 0.985) -> Stage:
        """Pull a bag over the lens."""
        return self.conditions(covered=opacity)

    def uncover(self) -> Stage:
        """Take it off."""
        return self.conditions(covered=0.0)

    def clear(self) -> Stage:
        """A clear day."""
        return self.set(conditions=Conditions())

    def sensors(self, *, felt_tilt_deg: float = 0.0) -> Stage:
        """Let the camera say which way is down, with so much more tilt than its picture shows."""
        return self.set(sensors=True, felt_tilt_deg=felt_tilt_deg)

    def lamp(self, fault: LampFault | str = LampFault.NONE, *, on: bool = True) -> Stage:
        """Break the sign's lamp, or mend it."""
        fault = word(LampFault, fault, "fault")
        return self.set(sign=replace(self.stage.sign, fault=fault, lamp_on=on))

    def board(self, board: Board | str = Board.PRESENT) -> Stage:
        """Take the sign down, grow leaves over it, or put it right."""
        return self.set(sign=replace(self.stage.sign, board=word(Board, board, "board")))

    def signal(self, present: bool) -> Stage:
        """Pull the camera's cable, or plug it in."""
        return self.set(signal=present)
