from __future__ import annotations

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from viewkeeper.agent.adapters.link.connection import Connection
from viewkeeper.agent.adapters.link.settings import LinkSettings
from viewkeeper.agent.adapters.link.versions import Version


def test_a_subscription_that_is_granted_after_all_ends_its_warning():
    settings = LinkSettings(host="localhost", port=1883, site="s1", camera="c1")
    connection = Connection(settings, Version.V5, lambda mid, text: None, lambda message: None)
    answer = connection._client.on_subscribe
    assert answer is not None
    refused = ReasonCode(PacketTypes.SUBACK, "Not authorized")
    granted = ReasonCode(PacketTypes.SUBACK, "Granted QoS 1")
    answer(connection._client, None, 1, [granted, refused], None)
    assert "refused a subscription" in connection.warning
    answer(connection._client, None, 2, [granted, granted], None)
    assert connection.warning == ""
    assert connection.subscribed
