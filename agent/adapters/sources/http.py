"""A small HTTP client for cameras: one deadline for everything, a size cap, no redirects.

A camera is not trusted: it may drip a byte a second or send without end. The deadline holds
from the connection to the last byte, and the connection is shut when it is over.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from viewkeeper.agent.adapters.sources import digest
from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.secret_file import optional_secret_text

MAX_BYTES = 32 * 1024 * 1024
CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """An ``http`` or ``https`` address in its parts; ``shown`` has no secrets."""

    secure: bool
    host: str
    port: int
    target: str
    shown: str


def address(url: str, where: str) -> Address:
    """Take an address apart.

    Raises:
        SetupError: not http(s), no host, or credentials in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SetupError(Reason.SETTING, f"{where} url is not an address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise SetupError(Reason.SETTING, f"{where} url must be http(s)://host[:port]/path")
    if parts.username is not None or parts.password is not None:
        raise SetupError(
            Reason.SETTING,
            f"{where} url holds a user name; write it as username and password_file instead, "
            "so that no password stands in the settings",
        )
    secure = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if any(ord(character) <= 32 or ord(character) > 126 for character in target):
        raise SetupError(Reason.SETTING, f"{where} url has characters that must be %-encoded")
    return Address(secure, parts.hostname, port or (443 if secure else 80), target, url)


@dataclass(slots=True)
class HttpClient:
    """Asks one camera.

    Attributes:
        name: of the camera, for messages.
        timeout_s: from connecting to the last byte.
        ca_file: certificate authority of an https camera; empty: the system's.
    """

    name: str
    timeout_s: float
    username: str = ""
    password_file: str = ""
    ca_file: str = ""
    _challenge: digest.Challenge | None = field(default=None, init=False)
    _uses: int = field(default=0, init=False)

    def request(
        self,
        where: Address,
        *,
        method: str = "GET",
        body: bytes | None = None,
        content_type: str | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> bytes:
        """The body of the answer.

        Raises:
            SourceError: no answer in time, another status than 200, too large.
            SetupError: the password file.
        """
        for last in (False, True):
            status, challenges, answered = self._once(where, method, body, content_type, max_bytes)
            if status == 200:
                return answered
            if status != 401 or last:
                break
            if not self.username:
                raise SourceError(
                    Reason.SOURCE_LOST,
                    f"{self.name} asks for a user name: set username and password_file",
                )
            self._take_challenge(challenges, where)
        told = {
            401: "refuses the user name or password (401)",
            403: "does not let this user see it (403)",
            404: "has nothing at this address (404)",
        }.get(status, f"answers with status {status}")
        self._challenge = None
        raise SourceError(Reason.SOURCE_LOST, f"{self.name} {told}")

    def _take_challenge(self, challenges: list[str], where: Address) -> None:
        self._challenge, self._uses = digest.parse(challenges), 0
        if self._challenge is not None:
            return
        if not any(header.strip().lower().startswith("basic") for header in challenges):
            raise SourceError(
                Reason.SOURCE_LOST, f"{self.name} asks for a sign-in this agent does not speak"
            )
        if not where.secure:
            raise SourceError(
                Reason.SOURCE_LOST,
                f"{self.name} asks for the password in the clear (Basic over http): "
                "switch it to digest or https",
            )

    def _authorization(self, method: str, where: Address) -> str | None:
        if not self.username:
            return None
        password = optional_secret_text(self.password_file)
        if self._challenge is not None:
            self._uses += 1
            return digest.answer(
                self._challenge,
                username=self.username,
                password=password,
                method=method,
                target=where.target,
                count=self._uses,
            )
        if not where.secure:
            return None
        # The channel is private: Basic at once saves the first refusal.
        token = base64.b64encode(f"{self.username}:{password}".encode()).decode("ascii")
        return f"Basic {token}"

    def _once(
        self,
        where: Address,
        method: str,
        body: bytes | None,
        content_type: str | None,
        max_bytes: int,
    ) -> tuple[int, list[str], bytes]:
        connection = self._connection(where)
        headers = {"User-Agent": "viewkeeper", "Connection": "close"}
        if content_type is not None:
            headers["Content-Type"] = content_type
        authorization = self._authorization(method, where)
        if authorization is not None:
            headers["Authorization"] = authorization
        over = threading.Event()
        opened: list[socket.socket] = []  # http.client forgets its socket before the body is read

        def shut() -> None:
            over.set()
            for each in opened:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self.timeout_s, shut)
        timer.daemon = True
        timer.start()
        try:
            connection.connect()
            opened.append(connection.sock)
            connection.request(method, where.target, body, headers)
            response = connection.getresponse()
            if response.status != 200:
                return response.status, response.headers.get_all("WWW-Authenticate") or [], b""
            return 200, [], self._body(response, max_bytes, over)
        except (OSError, http.client.HTTPException) as error:
            raise SourceError(Reason.SOURCE_LOST, f"{self.name} {_told(error, over)}") from None
        finally:
            timer.cancel()
            connection.close()

    def _body(
        self, response: http.client.HTTPResponse, max_bytes: int, over: threading.Event
    ) -> bytes:
        if (response.length or 0) > max_bytes:
            raise SourceError(Reason.SOURCE_LOST, f"{self.name} sends more than {max_bytes} bytes")
        parts: list[bytes] = []
        size = 0
        while chunk := response.read1(CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise SourceError(
                    Reason.SOURCE_LOST, f"{self.name} sends more than {max_bytes} bytes"
                )
            parts.append(chunk)
        if over.is_set() or response.length:
            raise SourceError(Reason.SOURCE_LOST, f"{self.name} sent half an answer")
        return b"".join(parts)

    def _connection(self, where: Address) -> http.client.HTTPConnection:
        if not where.secure:
            return http.client.HTTPConnection(where.host, where.port, timeout=self.timeout_s)
        if self.ca_file and not Path(self.ca_file).is_file():
            raise SetupError(Reason.FILE_MISSING, f"{self.ca_file}: no such certificate file")
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except ssl.SSLError:
            raise SetupError(
                Reason.FILE_UNREADABLE, f"{self.ca_file} is not a PEM certificate"
            ) from None
        return http.client.HTTPSConnection(
            where.host, where.port, timeout=self.timeout_s, context=context
        )


def _told(error: Exception, over: threading.Event) -> str:
    if over.is_set() or isinstance(error, TimeoutError):
        return "does not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"shows a certificate that is not trusted ({error.verify_message}): set ca_file"
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection; is its web server switched on?"
    if isinstance(error, http.client.HTTPException):
        return f"does not speak HTTP ({type(error).__name__})"
    text = error.strerror if isinstance(error, OSError) else None
    return f"cannot be reached: {text or type(error).__name__}"
