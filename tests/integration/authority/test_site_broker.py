"""The desk's tool against a broker with the site's own configuration and certificates."""

from tests.integration.link.conftest import Site, site  # noqa: F401 - a fixture
from tests.support.desk_tool import desk_tool


def test_the_sites_broker_lets_the_desk_send(site: Site, tmp_path):  # noqa: F811
    desk, bundle = tmp_path / "desk", tmp_path / "bundle"
    order, file = tmp_path / "config.cose", tmp_path / "cam.toml"
    desk_tool("init", desk, "--person", "Li Wei", "--no-passphrase")
    desk_tool("camera", "enrol", desk, "--camera", "c1", "--site", "s1",
              "--device-key", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
              "--out", bundle)  # fmt: skip
    file.write_text(desk_tool("config", "example"))
    desk_tool("config", "sign", desk, "--camera", "c1", "--file", file, "--out", order, "--yes")
    pair = site.paths("desk.main")
    told = desk_tool("send", desk, order, "--host", "localhost", "--port", site.port,
                     "--ca", pair["ca"], "--cert", pair["cert"], "--key", pair["key"],
                     "--timeout-s", 1, expect=2)  # fmt: skip
    # It was let in and delivered; no camera is there to answer.
    assert "no verdict from c1" in told
