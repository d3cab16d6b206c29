"""ONVIF's analytics metadata (Analytics Service Specification, scene description): XML in,
boxes out.

Coordinates run from -1 to 1, right and up, after the frame's Transformation; cameras that give
pixels give a Transformation with them. A document type, and with it any entity, is refused.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from viewkeeper.agent.core.events.blobs import Detection

log = logging.getLogger("viewkeeper.agent")

NAMESPACE = "http://www.onvif.org/ver10/schema"
MAX_DOCUMENT_BYTES = 256 * 1024
SAME = {"Human": "person", "Person": "person", "Vehicle": "vehicle", "Car": "vehicle"}


class NotMetadataError(ValueError):
    """The bytes are no metadata document, or one that must not be read."""


@dataclass(slots=True)
class _Object:
    box: tuple[float, float, float, float] | None = None
    label: str = ""
    score: float = 0.0


def parse_frames(
    document: bytes, labels: frozenset[str], least_score: float
) -> tuple[Detection, ...] | None:
    """The boxes of a document's last frame; ``None`` where it holds none (events, PTZ).

    Raises:
        NotMetadataError: not well-formed, too large, or with a document type.
    """
    if len(document) > MAX_DOCUMENT_BYTES:
        raise NotMetadataError(f"larger than {MAX_DOCUMENT_BYTES} bytes")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, KeyError) as error:
        raise NotMetadataError(str(error)) from None
    if reader.objects is None:
        return None
    found: list[Detection] = []
    for each in reader.objects:
        label = SAME.get(each.label, each.label.lower())
        if each.box is None or label not in labels or each.score < least_score:
            continue
        left, top, right, bottom = each.box
        x0, x1 = sorted(((left + 1) / 2, (right + 1) / 2))
        y0, y1 = sorted(((1 - top) / 2, (1 - bottom) / 2))
        if not (-0.1 <= x0 < x1 <= 1.1 and -0.1 <= y0 < y1 <= 1.1):
            continue
        found.append(Detection(x0, y0, x1, y1, min(1.0, each.score)))
    return tuple(found)


def _refuse(*_: Any) -> None:
    raise NotMetadataError("a document type is not allowed")


class _Reader:
    def __init__(self) -> None:
        self.objects: list[_Object] | None = None
        self._path: list[str] = []
        self._shift, self._scale = (0.0, 0.0), (1.0, 1.0)
        self._words = ""
        self._likelihood: float | None = None
        self._candidate = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        local = local if namespace == NAMESPACE else ""
        parent = self._path[-1] if self._path else ""
        self._path.append(local)
        self._words = ""
        if local == "Frame":
            self.objects, self._shift, self._scale = [], (0.0, 0.0), (1.0, 1.0)
        elif local == "Object" and self.objects is not None:
            self.objects.append(_Object())
        elif local in ("Translate", "Scale") and "Object" not in self._path:
            pair = float(attributes["x"]), float(attributes["y"])
            self._shift, self._scale = (
                (pair, self._scale) if local == "Translate" else (self._shift, pair)
            )
        elif local == "BoundingBox" and self.objects and parent == "Shape":
            (sx, sy), (tx, ty) = self._scale, self._shift
            self.objects[-1].box = (
                float(attributes["left"]) * sx + tx,
                float(attributes["top"]) * sy + ty,
                float(attributes["right"]) * sx + tx,
                float(attributes["bottom"]) * sy + ty,
            )
        elif local == "Type":
            self._likelihood = float(attributes.get("Likelihood", "1"))

    def text(self, words: str) -> None:
        self._words = (self._words + words)[:80]

    def end(self, _name: str) -> None:
        local, words = self._path.pop(), self._words.strip()
        parent = self._path[-1] if self._path else ""
        self._words = ""
        if not self.objects:
            return
        if local == "Type" and parent == "ClassCandidate":
            self._candidate = words
        elif local == "Likelihood" and parent == "ClassCandidate":
            self._take(self._candidate, float(words))
        elif local == "Type" and parent == "Class":
            self._take(words, self._likelihood or 0.0)

    def _take(self, label: str, score: float) -> None:
        assert self.objects  # the caller has looked
        if score >= self.objects[-1].score:
            self.objects[-1].label, self.objects[-1].score = label, score
