"""Detections of a network that runs inside the camera: Sony's IMX500 through picamera2.

The boxes come with each frame's metadata, so the picamera2 source hands them over; there is no
second program. Networks must give boxes, scores and classes, as those of the imx500-models package
whose names end in ``_pp`` do.

Never run on an IMX500 yet; the calls are held against picamera2's own source by a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

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
from viewkeeper.protocol.errors import Reason


class Imx500Feed:
    """Implements `DetectionFeed`; the source calls `load` before it opens the camera, and `take`
    with every frame.

    Args:
        settings: ``path`` is the network's file, ``labels`` its names or numbers of classes.
        library: the ``picamera2.devices.imx500`` module; imported when it is not given.
        monotonic: seconds.

    Raises:
        SetupError: the network's file is not there.
    """

    main_format = "YUV420"

    def __init__(
        self,
        settings: DetectionSettings,
        library: Any = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = network_file(
            settings,
            "apt install imx500-models, then name one of /usr/share/imx500-models/*_pp.rpk",
        )
        self._least_score, self._labels = settings.least_score, labels_of(settings)
        self._library = library
        self._device: Any = None
        self._seen = Freshest("imx500", monotonic)

    def load(self) -> None:
        """Put the network into the sensor; before the camera is opened.

        Raises:
            SourceError: no such sensor, or a network without what is needed.
        """
        if self._device is not None:
            return
        library = self._library or part_of_picamera2("imx500", "IMX500", "imx500-all")
        try:
            device = library.IMX500(self._path)
        except Exception as error:  # noqa: BLE001 - RuntimeError, OSError, StopIteration
            raise SourceError(
                Reason.SOURCE_LOST,
                f"imx500: {told_by(error)}; is the camera an IMX500, and is imx500-all installed?",
            ) from None
        self._device = device

    def take(
        self, facts: Mapping[str, Any], camera: Any, stream: str, picture: object = None
    ) -> None:
        """The metadata of one frame of a stream; the network may be slower than the camera."""
        del picture  # the sensor has seen it
        outputs = self._device.get_outputs(facts, add_batch=True)
        if outputs is None or len(outputs) < 3:
            return
        boxes, scores, classes = (np.asarray(each)[0] for each in outputs[:3])
        size = camera.camera_configuration()[stream]["size"]
        facts_of = self._device.network_intrinsics
        if facts_of is not None and facts_of.bbox_normalization:
            boxes = boxes / self._device.get_input_size()[1]
        if facts_of is not None and facts_of.bbox_order == "xy":
            boxes = boxes[:, [1, 0, 3, 2]]
        names = None if facts_of is None else facts_of.labels
        found: list[Detection] = []
        for box, score, kind in zip(boxes, scores, classes, strict=False):
            if not self._wanted(int(kind), names) or not self._least_score <= float(score) <= 1:
                continue
            x, y, width, height = self._device.convert_inference_coords(box, facts, camera, stream)
            if width > 0 and height > 0:
                found.append(
                    Detection(
                        x / size[0],
                        y / size[1],
                        (x + width) / size[0],
                        (y + height) / size[1],
                        float(score),
                    )
                )
        self._seen.put(tuple(found))

    def _wanted(self, kind: int, names: Sequence[str] | None) -> bool:
        if names is not None and 0 <= kind < len(names) and names[kind] in self._labels:
            return True
        return str(kind) in self._labels

    def newest(self) -> Outside | None:
        return self._seen.newest()

    def close(self) -> None:
        self._device = None
