"""What a user could pick instead: feature matching with RANSAC on the same rotation-and-zoom model.

Each peer is given what the agent is given (two grey pictures and the field of view) and answers
with a Move, or with nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from viewkeeper.agent.core.view.geometry import Lens, Move, angles_from_rotation

Luma = NDArray[np.uint8]
_RATIO = 0.8
_LEAST_INLIERS = 8


@dataclass(frozen=True, slots=True)
class Peer:
    """A named way to measure a move between two pictures."""

    name: str
    prepare: Callable[[Luma], Any]
    """What can be kept of the registered picture."""
    measure: Callable[[Any, Luma, Lens], Move | None]


def features(name: str, detector: cv2.Feature2D, norm: int) -> Peer:
    """Detect, match by ratio, homography by RANSAC, then the nearest rotation and zoom."""
    matcher = cv2.BFMatcher(norm)

    def prepare(registered: Luma) -> Any:
        return detector.detectAndCompute(registered, None)

    def measure(prepared: Any, present: Luma, lens: Lens) -> Move | None:
        points_r, words_r = prepared
        points_p, words_p = detector.detectAndCompute(present, None)
        if words_r is None or words_p is None or len(points_r) < 8 or len(points_p) < 8:
            return None
        pairs = matcher.knnMatch(words_p, words_r, k=2)
        good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < _RATIO * p[1].distance]
        if len(good) < _LEAST_INLIERS:
            return None
        source = np.float32([points_p[match.queryIdx].pt for match in good])
        target = np.float32([points_r[match.trainIdx].pt for match in good])
        cv2.setRNGSeed(7)
        found, inliers = cv2.findHomography(source, target, cv2.RANSAC, 3.0)
        if found is None or int(inliers.sum()) < _LEAST_INLIERS:
            return None
        return move_from_homography(found, present.shape, lens)

    return Peer(name, prepare, measure)


def move_from_homography(
    homography: NDArray[np.float64], shape: tuple[int, ...], lens: Lens
) -> Move | None:
    """The rotation and zoom nearest to a homography from present to registered pixels.

    H ~ K R K'⁻¹ with K' = diag(z f, z f, 1): K⁻¹ H K = R diag(1/z, 1/z, 1) up to scale, so the
    columns' lengths give the zoom and the polar factor the rotation.
    """
    height, width = shape
    focal = (width / 2) / np.tan(np.radians(lens.hfov_deg) / 2)
    K = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    M = np.linalg.inv(K) @ homography @ K
    if np.linalg.det(M) < 0:
        M = -M
    lengths = np.linalg.norm(M, axis=0)
    zoom = float(lengths[2] / np.sqrt(lengths[0] * lengths[1]))
    if not 0.2 < zoom < 5:
        return None
    left, _, right = np.linalg.svd(M / lengths)
    rotation = left @ right
    if np.linalg.det(rotation) < 0:
        return None
    pan, tilt, roll = np.degrees(angles_from_rotation(rotation))
    return Move(float(pan), float(tilt), float(roll), zoom)


def orb() -> Peer:
    return features("OpenCV ORB + RANSAC", cv2.ORB_create(nfeatures=1000), cv2.NORM_HAMMING)


def orb_500() -> Peer:
    """With OpenCV's own number of features: faster, and recovers less."""
    return features("OpenCV ORB, 500 features", cv2.ORB_create(nfeatures=500), cv2.NORM_HAMMING)


def akaze() -> Peer:
    return features("OpenCV AKAZE + RANSAC", cv2.AKAZE_create(), cv2.NORM_HAMMING)


def sift() -> Peer:
    return features("OpenCV SIFT + RANSAC", cv2.SIFT_create(nfeatures=1000), cv2.NORM_L2)


def _move_from_similarity(
    centre: tuple[float, float], roll_deg: float, zoom: float, shape: tuple[int, ...], lens: Lens
) -> Move:
    """The move whose picture centre falls on registered pixel ``centre``."""
    height, width = shape
    focal = (width / 2) / np.tan(np.radians(lens.hfov_deg) / 2)
    x, y = (centre[0] - (width - 1) / 2) / focal, (centre[1] - (height - 1) / 2) / focal
    pan = np.arctan(x)
    tilt = -np.arctan(y * np.cos(pan))
    return Move(float(np.degrees(pan)), float(np.degrees(tilt)), roll_deg, zoom)


def ecc() -> Peer:
    """Enhanced correlation coefficient (Evangelidis and Psarakis 2008), quarter then half size."""

    def measure(registered: Luma, present: Luma, lens: Lens) -> Move | None:
        warp = np.eye(3, dtype=np.float32)
        for scale in (4, 2):
            small = [
                cv2.resize(each, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
                for each in (registered, present)
            ]
            shift = np.diag([1.0 / scale, 1.0 / scale, 1.0])
            reduced = (shift @ warp @ np.linalg.inv(shift)).astype(np.float32)
            until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
            try:
                quality, reduced = cv2.findTransformECC(
                    small[0], small[1], reduced, cv2.MOTION_HOMOGRAPHY, until, None, 5
                )
            except cv2.error:
                return None
            warp = np.linalg.inv(shift) @ reduced @ shift
        if quality < 0.5 or abs(np.linalg.det(warp)) < 1e-6:
            return None
        return move_from_homography(np.linalg.inv(warp), present.shape, lens)

    return Peer("OpenCV ECC", lambda registered: registered, measure)


def phase() -> Peer:
    """scikit-image's phase correlation: pan and tilt only."""
    from skimage.registration import phase_cross_correlation

    def measure(registered: Luma, present: Luma, lens: Lens) -> Move | None:
        shift, _, _ = phase_cross_correlation(registered, present, upsample_factor=10)
        height, width = present.shape
        centre = ((width - 1) / 2 + shift[1], (height - 1) / 2 + shift[0])
        return _move_from_similarity(centre, 0.0, 1.0, present.shape, lens)

    return Peer("scikit-image phase correlation", lambda registered: registered, measure)


def imreg() -> Peer:
    """imreg_dft: rotation and scale from the spectra, then phase correlation; half size."""
    import imreg_dft

    limits = {"angle": (0.0, 5.0), "scale": (1.0, 0.15)}

    def half(luma: Luma) -> NDArray[np.float64]:
        reduced = cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        return reduced.astype(np.float64)

    def measure(registered: Any, present: Luma, lens: Lens) -> Move | None:
        found = imreg_dft.similarity(registered, half(present), numiter=2, constraints=limits)
        if not found["success"] > 0.0:
            return None
        # The present picture, scaled and turned about its centre, then shifted by (y, x).
        height, width = present.shape
        down, right = found["tvec"]
        centre = ((width - 1) / 2 + 2 * float(right), (height - 1) / 2 + 2 * float(down))
        roll_deg, zoom = -float(found["angle"]), 1.0 / float(found["scale"])
        return _move_from_similarity(centre, roll_deg, zoom, present.shape, lens)

    return Peer("imreg_dft", half, measure)
