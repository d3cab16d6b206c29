"""Real videos of the virtual camera, as a camera's encoder would make them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


def write_video(
    path: Path,
    lumas: Sequence[NDArray[np.uint8]],
    *,
    frames: int,
    rate: int = 10,
    key_every: int = 5,
) -> Path:
    """H.264 of ``frames`` frames that run through ``lumas`` in order, again and again."""
    height, width = lumas[0].shape
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "g": str(key_every),
            "crf": "18",
        }
        for number in range(frames):
            luma = lumas[number % len(lumas)]
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = luma
            picture = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path
