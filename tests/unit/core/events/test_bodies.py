"""Bodies within a blob: who stands beside whom, and what is no second body."""

from dataclasses import replace

import numpy as np
import pytest

from viewkeeper.agent.core.events.bodies import REACH, Part, bodies_of, ground_of
from viewkeeper.agent.core.events.foreground import Background, step

HEIGHT, WIDTH = 120, 160
BLOB = Part(30, 40, 70, 64)


def scene(*bodies, noise=1.0, grey=60):
    """A background of one grey, and rectangles of another (left, top, right, bottom) before it."""
    dice = np.random.default_rng(3)
    picture = np.full((HEIGHT, WIDTH), 120, np.uint8)
    state, _ = step(None, picture, 0.2)
    present = state.present + dice.normal(0, noise, (HEIGHT, WIDTH)).astype(np.float32)
    for left, top, right, bottom in bodies:
        present[top:bottom, left:right] = grey
    return Background(
        state.mean, state.unit, state.usual, state.last, state.restless, 0, max(1.0, noise),
        0.0, present, state.shown, state.age,
    )  # fmt: skip


def told(background):
    ground = ground_of(background, np.zeros((HEIGHT, WIDTH), np.bool_))
    return bodies_of(background, BLOB, ground)


def test_two_with_ground_between_them_are_two_as_large_as_blobs_are():
    found = told(scene((35, 44, 41, 60), (47, 46, 53, 62)))
    assert found == (Part(32, 41, 44, 63), Part(44, 43, 56, 64))
    assert REACH == 3


def test_one_body_is_the_blob_itself():
    assert told(scene((45, 44, 52, 60))) == (BLOB,)


def test_two_who_overlap_stay_one():
    assert told(scene((40, 44, 47, 60), (46, 46, 53, 62))) == (BLOB,)


def test_a_bag_beside_a_walker_is_no_second_walker():
    assert told(scene((35, 44, 41, 60), (47, 55, 52, 60))) == (BLOB,)


def test_a_hand_held_out_belongs_to_the_nearer_of_two():
    first, second = told(scene((35, 44, 41, 60), (56, 44, 62, 60), (44, 50, 47, 56)))
    assert first == Part(32, 41, 50, 63)
    assert second == Part(53, 41, 65, 63)


@pytest.mark.parametrize("noise", [12.0, 20.0])
def test_what_noise_hides_is_not_taken_apart(noise):
    faint = scene((35, 44, 41, 60), (47, 46, 53, 62), noise=noise, grey=108)
    assert told(faint) == (BLOB,)


def test_in_rain_nobody_is_taken_apart():
    clear = scene((35, 44, 41, 60), (47, 46, 53, 62))
    present = clear.present.copy()
    present[3::11, 5::2] += 60.0  # a drop in every twentieth pixel, and one more
    present[5::11, 5::2] += 60.0
    assert len(told(clear)) == 2
    assert told(replace(clear, present=present)) == (BLOB,)


def test_ground_is_looked_for_where_nobody_is():
    crowd = scene((0, 0, WIDTH, 30))
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[:30] = True
    assert ground_of(crowd, mask) < 4.0 < ground_of(crowd, ~mask)
    assert ground_of(crowd, np.ones_like(mask)) == 255.0


def test_no_part_reaches_beyond_its_blob():
    tight = Part(35, 44, 53, 62)
    for each in bodies_of(scene((35, 44, 41, 60), (47, 46, 53, 62)), tight, 3.0):
        assert tight.left <= each.left < each.right <= tight.right
        assert tight.top <= each.top < each.bottom <= tight.bottom
