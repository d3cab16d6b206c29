"""Detections of a Hailo accelerator beside the Pi's camera, through picamera2.

The accelerator is fed with the main stream's pictures, which show what the agent's own frames
show, fitted into the network's square with a border, as such networks are trained. Networks must
sort their boxes themselves (HailoRT's NMS: one array of rows ``y0 x0 y1 x1 score`` for each
class), as those of the hailo-all package whose names begin with ``yolo`` do.

Never run on a Hailo yet; picamera2's own file is run by a test, on a stand-in for HailoRT alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.adapters.detections.freshest import (
    Freshest,
    labels_of,
    network_file,
    part_of_picamera2,
    told_by,
)
from viewkeeper.agent.core.events.blobs import Detection
from viewkeeper.agent.core.events.zones import Outside
from viewkeeper.agent.ports import SourceError
from viewkeeper.agent.settings import DetectionSettings
from viewkeeper.protocol.errors import Reason, SetupError

log = logging.getLogger("viewkeeper.agent")

PATIENCE_S = 1.0
"""An answer takes tens of milliseconds; frames must not wait for one that never comes."""
COCO = {"person": 0, "bicycle": 1, "car": 2, "motorcycle": 3, "bus": 5, "truck": 7}
"""Places of these classes in the COCO order, in which the packaged networks are."""
BORDER = 114
"""Grey of the border that the YOLO family is trained with."""


class HailoFeed:
    """Implements `DetectionFeed`; the source calls `load` before it opens the camera, and `take`
    with every frame.

    Args:
        settings: ``path`` is the network's file, ``labels`` names or numbers of its classes.
        library: the ``picamera2.devices.hailo`` module; imported when it is not given.
        monotonic: seconds.

    Raises:
        SetupError: the network's file is not there, or a class is not known by its name.
    """

    main_format = "RGB888"

    def __init__(
        self,
        settings: DetectionSettings,
        library: Any = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = network_file(
            settings, "apt install hailo-all, then name one of /usr/share/hailo-models/yolov8*.hef"
        )
        self._least_score = settings.least_score
        self._classes = frozenset(_number(label) for label in labels_of(settings))
        self._library = library
        self._device: Any = None
        self._seen = Freshest("hailo", monotonic)
        self._said = ""

    def load(self) -> None:
        """Put the network on the accelerator.

        Raises:
            SourceError: no accelerator, or a network that it does not take.
        """
        if self._device is not None:
            return
        library = self._library or part_of_picamera2("hailo", "Hailo", "hailo-all")
        try:
            self._device = library.Hailo(self._path)
        except Exception as error:  # noqa: BLE001 - HailoRT has errors of its own
            raise SourceError(
                Reason.SOURCE_LOST,
                f"hailo: {told_by(error)}; does hailortcli "
                "fw-control identify see the accelerator, and was the network made for it?",
            ) from None

    def take(
        self,
        facts: Mapping[str, Any],
        camera: Any,
        stream: str,
        picture: NDArray[np.uint8] | None,
    ) -> None:
        """The main stream's picture of one frame, (H, W, 3)."""
        if picture is None or self._device is None:
            return
        height, width = picture.shape[:2]
        across, down = (int(side) for side in self._device.get_input_shape()[1::-1])
        scale = min(across / width, down / height)
        fitted, left, top = _fitted(picture, across, down, scale)
        try:
            rows = self._device.run_async(fitted).result(PATIENCE_S)
            found = self._boxes(rows)
        except Exception as error:  # noqa: BLE001 - HailoRT's own; the frames must go on
            self._say(f"hailo: {told_by(error)}")
            return
        self._say("")
        boxes = tuple(
            box
            for y0, x0, y1, x1, score in found
            if (
                box := _in_picture(
                    (x0 * across - left) / (scale * width),
                    (y0 * down - top) / (scale * height),
                    (x1 * across - left) / (scale * width),
                    (y1 * down - top) / (scale * height),
                    score,
                )
            )
        )
        self._seen.put(boxes)

    def _boxes(self, rows: Any) -> list[tuple[float, ...]]:
        """Of the classes that count, as sure as is asked.

        Raises:
            ValueError: the network does not sort its boxes itself.
        """
        if not isinstance(rows, list):
            raise ValueError("this network gives no boxes: name one with NMS, as yolov8s_h8l.hef")
        found: list[tuple[float, ...]] = []
        for number, each in enumerate(rows):
            if number in self._classes:
                table = np.asarray(each, np.float64).reshape(-1, 5)
                found += [tuple(row) for row in table if self._least_score <= row[4] <= 1]
        return found

    def newest(self) -> Outside | None:
        return self._seen.newest()

    def close(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def _say(self, fault: str) -> None:
        """A fault once, not every frame."""
        if fault and fault != self._said:
            log.warning("detections: %s", fault)
        self._said = fault


def _fitted(
    picture: NDArray[np.uint8], across: int, down: int, scale: float
) -> tuple[NDArray[np.uint8], int, int]:
    """The picture in the network's size, nearest pixels, with the border's left and top."""
    height, width = picture.shape[:2]
    wide, tall = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (across - wide) // 2, (down - tall) // 2
    rows = np.minimum((np.arange(tall) + 0.5) * height / tall, height - 1).astype(np.intp)
    columns = np.minimum((np.arange(wide) + 0.5) * width / wide, width - 1).astype(np.intp)
    fitted = np.full((down, across, 3), BORDER, np.uint8)
    fitted[top : top + tall, left : left + wide] = picture[rows[:, None], columns, :3]
    return fitted, left, top


def _in_picture(x0: float, y0: float, x1: float, y1: float, score: float) -> Detection | None:
    left, top, right, bottom = (min(1.0, max(0.0, side)) for side in (x0, y0, x1, y1))
    if not (left < right and top < bottom):
        return None
    return Detection(left, top, right, bottom, score)


def _number(label: str) -> int:
    """A class's place, from its name or its number."""
    if label.isdecimal():
        return int(label)
    if label not in COCO:
        raise SetupError(
            Reason.SETTING,
            f"[detections] labels: {label!r} is not one of {', '.join(COCO)}; name other classes "
            "by their number in the network",
        )
    return COCO[label]
