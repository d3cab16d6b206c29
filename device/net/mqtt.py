"""An MQTT 3.1.1 client for asyncio: TLS with a client certificate, QoS 1, one write a packet.

It talks and it listens; what is said waits in ``outbox``, what is heard is given to
``on_message`` and acknowledged when that returns, so an order is on flash before the broker
forgets it. Why not umqtt: docs/decisions/0011.
"""

import asyncio
import hashlib

from device.net import packets

MAX_MESSAGE_BYTES = 20_480  # an order and its signatures: protocol/orders.py
_CHUNK = 512
_SUBSCRIBE_ID = 65_535  # the outbox numbers its own below


class LinkError(Exception):
    """The connection is no more, and why."""


class Settings:
    """Whom to call and as whom.

    Args:
        host, port: the broker.
        client_id: two clients with one id push each other off the broker.
        will: (topic, payload): what the broker says when the device goes without a word.
        topics: to hear.
        tls: gives a fresh ``tls.SSLContext`` (certificates get renewed); ``None``: plain TCP.
        keepalive_s: who has said nothing for so long pings; longer than a report's period, so that
            a device that reports needs no pings.
        retry_first_s, retry_most_s: full jitter between reconnects grows from one to the other.
        replay_per_s: how many messages a second come back from flash after an outage.
        opening: coroutine function that gives (reader, writer); ``None``: over the network.
    """

    def __init__(
        self,
        host,
        port,
        client_id,
        will,
        topics,
        tls=None,
        user=None,
        password=None,
        keepalive_s=90,
        retry_first_s=1.0,
        retry_most_s=300.0,
        connect_timeout_s=30,
        replay_per_s=5,
        opening=None,
    ):
        self.opening = opening
        self.host, self.port, self.client_id = host, port, client_id
        self.will, self.topics, self.tls = will, topics, tls
        self.user, self.password = user, password
        self.keepalive_s, self.connect_timeout_s = keepalive_s, connect_timeout_s
        self.retry_first_s, self.retry_most_s = retry_first_s, retry_most_s
        self.replay_per_s = replay_per_s


class Client:
    """One client; ``run`` keeps it connected for ever.

    Args:
        settings: whom to call.
        outbox: what is to be said.
        on_message: (topic, payload, retained) of an order; acknowledged when it returns. The
            payload is lent: the next message lies in the same bytes.
        on_large: (topic, SHA-256, retained) of one too long to hold.
        on_connected: called on every new connection, before anything waiting is said.
        ticks_ms, ticks_diff: the machine's clock.
        random_share: a number from 0 up to 1.
        on_alive: called whenever the link got on: an attempt, a ping, a packet.
    """

    def __init__(
        self,
        settings,
        outbox,
        on_message,
        on_large,
        on_connected,
        ticks_ms,
        ticks_diff,
        random_share,
        on_alive=lambda: None,
    ):
        self.settings, self.outbox = settings, outbox
        self._on_message, self._on_large = on_message, on_large
        self._on_connected = on_connected
        self._ticks_ms, self._ticks_diff = ticks_ms, ticks_diff
        self._random_share = random_share
        self._on_alive = on_alive
        self._news = asyncio.Event()
        self._lock = asyncio.Lock()
        self._reader = self._writer = None
        # Taken once, while the heap is whole.
        self._inbox = memoryview(bytearray(MAX_MESSAGE_BYTES))
        self._heard_ms = self._said_ms = 0
        self._failure = None
        self._failures = 0
        self.connected = False
        self.connects = 0
        self.why_lost = ""

    def wake(self):
        """There is something new in the outbox."""
        self._news.set()

    async def run(self):
        """Connect, talk, and after every end wait and connect again."""
        self._failures = 0
        while True:
            self._on_alive()
            try:
                await self._open()
                await self._talk()
            except (
                OSError,
                ValueError,
                EOFError,
                MemoryError,
                LinkError,
                packets.PacketError,
                asyncio.TimeoutError,
            ) as error:
                self.why_lost = repr(error)
            finally:
                await self._close()
            bound = min(self.settings.retry_most_s, self.settings.retry_first_s * 2**self._failures)
            self._failures = min(self._failures + 1, 16)
            # Full jitter: a whole street that lost its broker comes back spread out.
            await asyncio.sleep(self._random_share() * bound)

    async def leave(self):
        """Say farewell, so that the broker does not publish the will."""
        if self.connected:
            await self._send(packets.DISCONNECT)
        await self._close()

    async def _open(self):
        await asyncio.wait_for(self._handshake(), self.settings.connect_timeout_s)
        self.outbox.connection_made()
        self.connected = True
        self.connects += 1
        self._on_connected()

    async def _handshake(self):
        s = self.settings
        if s.opening is not None:
            reader, writer = await s.opening()
        elif s.tls is None:
            reader, writer = await asyncio.open_connection(s.host, s.port)
        else:
            reader, writer = await asyncio.open_connection(s.host, s.port, s.tls(), s.host)
        self._reader, self._writer = reader, writer
        await self._send(packets.connect(s.client_id, s.keepalive_s, s.will, s.user, s.password))
        kind, size, _ = await self._head()
        if kind != packets.CONNACK or size != 2:
            raise LinkError("the broker does not speak MQTT 3.1.1")
        answer = await reader.readexactly(2)
        if answer[1]:
            raise LinkError("the broker refuses: code " + str(answer[1]))  # §3.2.2.3
        await self._send(packets.subscribe(_SUBSCRIBE_ID, s.topics))
        for row in self.outbox.unacknowledged():
            await self._send_row(row, True)
        self._heard_ms = self._ticks_ms()

    async def _talk(self):
        self._failure = None
        ended = asyncio.Event()
        tasks = [
            asyncio.create_task(self._until_failure(work, ended))
            for work in (self._listen, self._say, self._keep_alive, self._recall)
        ]
        try:
            await ended.wait()
        finally:
            for task in tasks:
                task.cancel()
        raise self._failure

    async def _until_failure(self, work, ended):
        try:
            await work()
        except Exception as error:
            self._failure = self._failure or error
            ended.set()

    async def _say(self):
        while True:
            self._news.clear()
            row = self.outbox.next_to_send()
            while row is not None:
                await self._send_row(row, False)
                row = self.outbox.next_to_send()
            await self._news.wait()

    async def _recall(self):
        """What the outbox kept on flash, slowly: a whole street may come back at once."""
        pause_s = 1 / self.settings.replay_per_s
        while True:
            await asyncio.sleep(pause_s)
            if self.outbox.recall():
                self._news.set()

    async def _keep_alive(self):
        most_ms = 1000 * self.settings.keepalive_s
        while True:
            if 2 * self._since_ms(self._heard_ms) > 3 * most_ms:
                raise LinkError("the broker fell silent")
            quiet_ms = self._since_ms(self._said_ms)
            if quiet_ms >= most_ms:
                await self._send(packets.PINGREQ)
                quiet_ms = 0
            self._on_alive()
            await asyncio.sleep(max(0.01, min(most_ms - quiet_ms, most_ms // 2) / 1000))

    def _since_ms(self, ticks_ms):
        return self._ticks_diff(self._ticks_ms(), ticks_ms)

    async def _listen(self):
        while True:
            kind, size, first = await self._head()
            self._heard_ms = self._ticks_ms()
            if kind == packets.PUBLISH:
                await self._hear(first, size)
            elif size > 64:
                raise packets.PacketError("a packet that no broker sends")
            else:
                body = await self._reader.readexactly(size) if size else b""
                if kind == packets.PUBACK and size == 2:
                    self.outbox.acknowledge(body[0] << 8 | body[1])
                    self._news.set()
                elif kind == packets.SUBACK:
                    if 0x80 in body[2:]:
                        raise LinkError("the broker refuses a subscription")
                    self._failures = 0  # only now: who is let in and refused must not hammer
                elif kind != packets.PINGRESP:
                    raise packets.PacketError("packet type " + str(kind))

    async def _hear(self, first, size):
        reader = self._reader
        if size < 4:
            raise packets.PacketError("a publication without a topic")
        topic_size, has_id = packets.read_publish_head(first, await reader.readexactly(2))
        left = size - 2 - topic_size - (2 if has_id else 0)
        if left < 0 or topic_size > 1024:
            raise packets.PacketError("a publication with an impossible topic")
        topic = (await reader.readexactly(topic_size)).decode()
        packet_id = int.from_bytes(await reader.readexactly(2), "big") if has_id else 0
        retained = bool(first & 1)
        if left <= MAX_MESSAGE_BYTES:
            filled = 0
            while filled < left:
                got = await reader.readinto(self._inbox[filled:left])
                if not got:
                    raise EOFError("the line ended in a message")
                filled += got
            self._on_message(topic, self._inbox[:left], retained)
        else:
            digest = hashlib.sha256()
            while left:
                part = await reader.readexactly(min(left, _CHUNK))
                digest.update(part)
                left -= len(part)
            self._on_large(topic, digest.digest(), retained)
        if has_id:
            await self._send(packets.puback(packet_id))

    async def _head(self):
        """(type, remaining length, first byte) of the next packet."""
        first = (await self._reader.readexactly(1))[0]
        size = shift = 0
        while True:
            byte = (await self._reader.readexactly(1))[0]
            size |= (byte & 0x7F) << shift
            if byte < 0x80:
                return first >> 4, size, first
            shift += 7
            if shift > 21:
                raise packets.PacketError("a length of five bytes")

    async def _send_row(self, row, again):
        await self._send(packets.publish(row.topic, row.payload, row.packet_id, row.retain, again))

    async def _send(self, packet):
        # One write a packet: pieces cost a delayed ACK each (46 ms a publication with umqtt).
        async with self._lock:
            self._writer.write(packet)
            await self._writer.drain()
            self._said_ms = self._ticks_ms()

    async def _close(self):
        if self.connected:
            self.connected = False
            self.outbox.connection_lost()
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            try:
                writer.close()
                await writer.wait_closed()
            except OSError:
                pass
