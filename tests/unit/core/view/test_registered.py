import hashlib

import numpy as np
import pytest

from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.core.view.estimate import estimate
from viewkeeper.agent.core.view.geometry import Lens
from viewkeeper.agent.core.view.registered import RegisteredView, RegistrationError, register

from .scenery import LENS, SIZE, frame, picture


@pytest.fixture(scope="module")
def view() -> RegisteredView:
    return register([frame(picture(noise_seed=seed)) for seed in (1, 2, 3)], LENS)


def test_a_view_survives_its_bytes(view: RegisteredView):
    again = RegisteredView.from_bytes(view.to_bytes())
    assert again == view
    assert again.lens == LENS
    assert again.size == SIZE
    assert again.to_bytes() == view.to_bytes()


def test_the_digest_is_the_sha256_of_the_bytes(view: RegisteredView):
    assert view.digest == hashlib.sha256(view.to_bytes()).digest()


def test_a_view_fits_into_a_hundred_kilobytes_at_any_resolution():
    luma = np.kron(picture(), np.ones((6, 6), np.uint8))
    view = register([frame(luma)], LENS)
    assert view.size == (1920, 1200)
    assert len(view.to_bytes()) <= 100 * 1024


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: b"",
        lambda data: data[:40],
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: b"VKRW" + data[4:],
        lambda data: data[:5] + bytes([7]) + data[6:],
        lambda data: data[:-1] + b"\0",
        lambda data: data[:14] + b"\0" * 8 + data[22:],
    ],
)
def test_damaged_bytes_are_refused(view: RegisteredView, harm):
    with pytest.raises(RegistrationError) as refusal:
        RegisteredView.from_bytes(harm(view.to_bytes()))
    assert refusal.value.reason == "damaged"
    assert refusal.value.hint


def test_another_version_is_refused_as_such(view: RegisteredView):
    data = bytearray(view.to_bytes())
    data[4] = 1
    with pytest.raises(RegistrationError) as refusal:
        RegisteredView.from_bytes(bytes(data))
    assert refusal.value.reason == "version"


def refused(frames: list[Frame]) -> str:
    with pytest.raises(RegistrationError) as refusal:
        register(frames, Lens(60.0))
    assert refusal.value.hint
    return refusal.value.reason


def noisy(level: float, seed: int, sigma: float = 2.0) -> Frame:
    rng = np.random.default_rng(seed)
    luma = rng.normal(level, sigma, (SIZE[1], SIZE[0]))
    return frame(np.clip(luma, 0, 255).astype(np.uint8))


def test_frames_that_cannot_serve_are_refused_with_their_reason():
    assert refused([]) == "no_frames"
    assert refused([frame(np.full((40, 90), 99, np.uint8))]) == "too_small"
    assert refused([frame(picture()), frame(picture()[:-2])]) == "sizes_differ"
    assert refused([noisy(4.0, seed) for seed in range(3)]) == "too_dark"
    assert refused([noisy(254.0, seed) for seed in range(3)]) == "overexposed"
    assert refused([noisy(120.0, 1)]) == "no_texture"
    assert refused([frame(np.full((200, 320), 120, np.uint8))]) == "no_texture"
    assert refused([frame(picture(seed=seed)) for seed in (1, 2, 3)]) == "frames_disagree"


def test_what_moves_through_some_frames_leaves_no_trace():
    frames = []
    for index in range(7):
        luma = picture(noise_seed=index)
        x = 20 + 40 * index
        luma[60:160, x : x + 36] = 250 * (index % 2)
        frames.append(frame(luma))
    crowded, empty = register(frames, LENS), register([frame(picture())], LENS)
    a, b = crowded.reference.pyramid.fields[0], empty.reference.pyramid.fields[0]
    likeness = np.sum((a * np.conj(b)).real) / np.sqrt(
        np.sum(np.abs(a) ** 2) * np.sum(np.abs(b) ** 2)
    )
    assert likeness > 0.9
    assert estimate(crowded, frame(picture(noise_seed=99))).share_seen > 0.95
