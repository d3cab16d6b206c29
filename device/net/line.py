"""A serial line to the camera beside the board: frames, and none lost or twice.

COBS (Cheshire and Baker, 1999) makes a zero byte the end of a frame and of nothing else; a CRC-32
after each frame's bytes tells a damaged one. Every frame waits for its acknowledgement before the
next goes (stop and wait), so a board that computes for a second needs no more buffer than two
frames. docs/decisions/0015.

    content = kind (1) number (1) payload, CRC-32 of those (4, high byte first)

Kinds: ``A`` acknowledges the frame of that number; ``S`` begins anew, its payload says which start
this is; all others are for whoever is above.
"""

import asyncio
from binascii import crc32

MAX_PAYLOAD = 512
MAX_CODED = 2 + (MAX_PAYLOAD + 6) * 255 // 254 + 1
RESEND_FIRST_S, RESEND_MOST_S = 0.5, 8.0
REOPEN_S = 2.0
ACK, START = 0x41, 0x53


def encode(kind, number, payload):
    """One frame with its ending zero."""
    content = bytes((kind, number)) + payload
    content += crc32(content).to_bytes(4, "big")
    out = bytearray()
    for part in content.split(b"\0"):
        while len(part) >= 254:
            out.append(255)
            out += part[:254]
            part = part[254:]
        out.append(len(part) + 1)
        out += part
    out.append(0)
    return out


def decode(coded):
    """(kind, number, payload) of a frame without its zero; ``None``: it is damaged."""
    content, at, end = bytearray(), 0, len(coded)
    while at < end:
        code = coded[at]
        if not code or at + code > end:
            return None
        content += coded[at + 1 : at + code]
        at += code
        if code < 255 and at < end:
            content.append(0)
    if len(content) < 6 or crc32(content[:-4]) != int.from_bytes(content[-4:], "big"):
        return None
    return content[0], content[1], bytes(content[2:-4])


class Line:
    """One end of the line.

    Args:
        open_port: gives (reader, writer) of the opened port; OSError where it cannot be.
        session: 4 random bytes, new each start.
        on_frame: takes (kind, payload), each once and in order; ``False``: there is no room now,
            let it come again.
        on_start: the other end began anew.
    """

    def __init__(self, open_port, session, on_frame, on_start):
        self._open_port, self._session = open_port, session
        self._on_frame, self._on_start = on_frame, on_start
        self._rows = [(START, session)]
        self._news, self._acked = asyncio.Event(), asyncio.Event()
        self._number, self._heard, self._theirs = 0, None, None
        self._writer = None
        self.damaged = 0

    @property
    def waiting(self):
        """How many frames are not acknowledged."""
        return len(self._rows)

    def put(self, kind, payload):
        """Say something; it waits for its turn."""
        self._rows.append((kind, payload))
        self._news.set()

    def put_newest(self, kind, payload):
        """The same in place of an older one of this kind that was not sent yet."""
        for at in range(1, len(self._rows)):  # the first may be on its way
            if self._rows[at][0] == kind:
                self._rows[at] = (kind, payload)
                return
        self.put(kind, payload)

    async def run(self):
        """For ever; a port that goes away is opened again."""
        while True:
            reader = None
            try:
                reader, self._writer = self._open_port()
                said = asyncio.create_task(self._say())
                try:
                    await self._listen(reader)
                finally:
                    said.cancel()
            except OSError as error:
                print("line:", error)
            self._writer = None
            await asyncio.sleep(REOPEN_S)

    async def _say(self):
        while True:
            while not self._rows:
                self._news.clear()
                await self._news.wait()
            kind, payload = self._rows[0]
            self._acked.clear()
            pause_s = RESEND_FIRST_S
            while not self._acked.is_set():
                await self._write(encode(kind, self._number, payload))
                try:
                    await asyncio.wait_for(self._acked.wait(), pause_s)
                except asyncio.TimeoutError:
                    pause_s = min(2 * pause_s, RESEND_MOST_S)
            self._rows.pop(0)
            self._number = (self._number + 1) & 255

    async def _write(self, frame):
        writer = self._writer
        if writer is not None:
            writer.write(frame)
            await writer.drain()

    async def _listen(self, reader):
        coded = b""
        while True:
            data = await reader.read(64)
            if not data:
                raise OSError("the port is gone")
            coded += data
            while True:
                end = coded.find(b"\0")
                if end < 0:
                    break
                if end:
                    await self._hear(decode(coded[:end]))
                coded = coded[end + 1 :]
            if len(coded) > MAX_CODED:
                coded = b""

    async def _hear(self, frame):
        if frame is None:
            self.damaged += 1
            return
        kind, number, payload = frame
        if kind == ACK:
            if number == self._number:
                self._acked.set()
            return
        if kind == START:
            if payload != self._theirs:
                self._theirs = payload
                self._on_start()
        elif number != self._heard:
            if self._on_frame(kind, payload) is False:
                return
        self._heard = number
        await self._write(encode(ACK, number, b""))


class Tunnel:
    """The board's way to the broker through the camera: a stream for the MQTT client.

    Frames ``O`` ask for a connection and say that it is there, ``D`` carry bytes, ``X`` end it;
    each begins with the number of the connection, so that what was of another is dropped.
    """

    OPEN, DATA, END = 0x4F, 0x44, 0x58
    MOST_WAITING = 2048

    def __init__(self, line):
        self._line, self._number = line, 0
        self._inbox, self._news = bytearray(), asyncio.Event()
        self._opened = self._ended = False

    async def open(self):
        """(reader, writer): ``asyncio.open_connection``'s answer.

        Raises:
            OSError: the camera has no connection to the broker.
        """
        self._number = (self._number + 1) & 255
        self._inbox, self._opened, self._ended = bytearray(), False, False
        self._news.clear()
        self._line.put(self.OPEN, bytes((self._number,)))
        while not (self._opened or self._ended):
            await self._more()
        if self._ended:
            raise OSError("the camera reaches no broker")
        return self, self

    def take(self, kind, payload):
        """A frame for the tunnel; ``False``: the client must read first."""
        if payload[:1] != bytes((self._number,)) or self._ended:
            return None
        if kind == self.OPEN:
            self._opened = True
        elif kind == self.END:
            self._ended = True
        elif len(self._inbox) > self.MOST_WAITING:
            return False
        else:
            self._inbox += payload[1:]
        self._news.set()

    def drop(self):
        """The other end began anew: nothing of before is there."""
        self._ended = True
        self._news.set()

    async def _more(self):
        await self._news.wait()
        self._news.clear()

    async def _some(self, count):
        while not self._inbox:
            if self._ended:
                raise EOFError("the camera ended the connection")
            await self._more()
        part = bytes(self._inbox[:count])
        self._inbox = self._inbox[len(part) :]
        return part

    # what the client asks of a stream

    async def readexactly(self, count):
        out = b""
        while len(out) < count:
            out += await self._some(count - len(out))
        return out

    async def readinto(self, room):
        part = await self._some(len(room))
        room[: len(part)] = part
        return len(part)

    def write(self, data):
        head = bytes((self._number,))
        for at in range(0, len(data), MAX_PAYLOAD - 1):
            self._line.put(self.DATA, head + data[at : at + MAX_PAYLOAD - 1])

    async def drain(self):
        """What was written is with the camera."""
        while self._line.waiting and not self._ended:
            await asyncio.sleep(0.01)
        if self._ended:
            raise OSError("the camera ended the connection")

    def close(self):
        if not self._ended:
            self._ended = True
            self._line.put(self.END, bytes((self._number,)))

    async def wait_closed(self):
        pass
