"""A real RTSP server with one track: ONVIF metadata over TCP (RFC 2326, RFC 3550, ONVIF Streaming).

Each document goes out in RTP packets whose last has the marker set.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

PAYLOAD_TYPE = 107
MOST_PAYLOAD = 1200
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\na=control:*\r\n"
    f"m=application 0 RTP/AVP {PAYLOAD_TYPE}\r\nc=IN IP4 0.0.0.0\r\n"
    f"a=rtpmap:{PAYLOAD_TYPE} vnd.onvif.metadata/90000\r\na=control:metadata\r\na=recvonly\r\n"
)


class MetadataServer:
    """Serves documents. Use it as a context manager.

    Args:
        document: asked for ten times a second; ``None``: nothing to say.
    """

    def __init__(self, document: Callable[[], bytes | None]) -> None:
        self._document = document
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._stopping = threading.Event()
        self.url = f"rtsp://127.0.0.1:{self._socket.getsockname()[1]}/stream"
        self.asked: list[str] = []

    def __enter__(self) -> MetadataServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        reader, lock = connection.makefile("rb"), threading.Lock()
        try:
            while request := reader.readline():
                if request.startswith(b"$"):  # a receiver report
                    reader.read(int.from_bytes(request[2:4], "big") + 4 - len(request))
                    continue
                verb = request.split()[0].decode()
                self.asked.append(verb)
                headers: dict[str, str] = {}
                while (line := reader.readline()).strip():
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                extra, body = "", ""
                if verb == "OPTIONS":
                    extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
                elif verb == "DESCRIBE":
                    extra, body = (
                        f"Content-Type: application/sdp\r\nContent-Base: {self.url}/\r\n",
                        SDP,
                    )
                elif verb == "SETUP":
                    extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
                length = f"Content-Length: {len(body)}\r\n" if body else ""
                answer = (
                    f"RTSP/1.0 200 OK\r\nCSeq: {headers.get('cseq', '0')}\r\nSession: 7\r\n"
                    f"{extra}{length}\r\n{body}"
                )
                with lock:
                    connection.sendall(answer.encode())
                if verb == "PLAY":
                    threading.Thread(
                        target=self._play, args=(connection, lock), daemon=True
                    ).start()
        except (OSError, ValueError):
            pass

    def _play(self, connection: socket.socket, lock: threading.Lock) -> None:
        sequence, stamp = 1, 0
        while not self._stopping.wait(0.1):
            document, stamp = self._document(), stamp + 9000
            rest = document or b""
            while rest:
                piece, rest = rest[:MOST_PAYLOAD], rest[MOST_PAYLOAD:]
                marker = 0x80 if not rest else 0
                head = struct.pack(
                    ">BBHII", 0x80, marker | PAYLOAD_TYPE, sequence & 0xFFFF, stamp, 0xA5A5
                )
                packet = head + piece
                try:
                    with lock:
                        connection.sendall(b"$\x00" + struct.pack(">H", len(packet)) + packet)
                except OSError:
                    return
                sequence += 1
