import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.protocol.errors import SetupError
from viewkeeper.protocol.topics import ID_PATTERN, Address, Topics, parse_topic

ids = st.from_regex(ID_PATTERN, fullmatch=True)


@given(ids, ids)
def test_a_topic_is_taken_apart_as_it_was_made(site, camera):
    topics = Topics(site, camera)
    assert parse_topic(topics.config_desired) == Address(site, camera, "config/desired")
    assert parse_topic(topics.event("camera_covered")) == Address(
        site, camera, "event/camera_covered"
    )


@pytest.mark.parametrize(
    "topic",
    ["", "viewkeeper/v1/a", "viewkeeper/v2/a/b/c", "viewkeeper/v1/A/b/c", "viewkeeper/v1/a//c"],
)
def test_what_is_not_ours_is_not_taken_apart(topic):
    assert parse_topic(topic) is None


@pytest.mark.parametrize("bad", ["", "+", "#", "a/b", "Cam", "-a", "a-", "a" * 33, "ä", "a\n"])
def test_an_id_that_could_reach_other_topics_is_refused(bad):
    with pytest.raises(SetupError):
        Topics("site", bad)
    with pytest.raises(SetupError):
        Topics(bad, "camera")


def test_a_camera_listens_to_its_orders_only():
    assert Topics("s", "c").orders == (
        "viewkeeper/v1/s/c/config/desired",
        "viewkeeper/v1/s/c/keyset",
        "viewkeeper/v1/s/c/lifecycle",
        "viewkeeper/v1/s/c/grant",
        "viewkeeper/v1/s/c/command/+",
    )
