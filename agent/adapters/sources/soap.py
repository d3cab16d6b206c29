"""SOAP 1.2 as ONVIF cameras speak it: an envelope out, a small tree in.

Rule: nothing here knows what a camera is. What comes in is a stranger's XML: a document type,
and with it any entity, is refused; size, depth and number of elements have caps.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from xml.sax.saxutils import escape

ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
CONTENT_TYPE = "application/soap+xml; charset=utf-8"
MAX_BYTES = 256 * 1024
MAX_DEPTH = 40
MAX_ELEMENTS = 20_000
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
    "#PasswordDigest"
)
_ENCODING = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)


class NotSoapError(ValueError):
    """The bytes are no SOAP answer, or one that must not be read."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks. Never shown: the password stands in it."""

    username: str
    password: str = field(repr=False)


def username_token(login: Login, nonce: bytes, created: dt.datetime) -> str:
    """A UsernameToken with PasswordDigest (WS-Security UsernameToken Profile 1.0, section 3.1).

    Args:
        nonce: 16 random bytes, another each time.
        created: in UTC, by the camera's clock: it refuses what is old by its own.
    """
    stamp = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    # The profile prescribes SHA-1; it proves knowledge of the password, it hides nothing else.
    digest = hashlib.sha1(
        nonce + stamp.encode() + login.password.encode(), usedforsecurity=False
    ).digest()
    return (
        f'<Security xmlns="{_WSSE}"><UsernameToken><Username>{escape(login.username)}</Username>'
        f'<Password Type="{_DIGEST}">{base64.b64encode(digest).decode()}</Password>'
        f'<Nonce EncodingType="{_ENCODING}">{base64.b64encode(nonce).decode()}</Nonce>'
        f'<Created xmlns="{_WSU}">{stamp}</Created></UsernameToken></Security>'
    )


def envelope(body: str, header: str = "") -> bytes:
    """A request.

    Args:
        body, header: well-formed XML.
    """
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{ENVELOPE}">'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def body_of(document: bytes) -> Element:
    """The answer's Body.

    Raises:
        NotSoapError: not well-formed, over a cap, with a document type, a Fault, or no envelope.
    """
    root = tree_of(document)
    body = root.find(f"{{{ENVELOPE}}}Body")
    if root.tag != f"{{{ENVELOPE}}}Envelope" or body is None:
        raise NotSoapError("not a SOAP 1.2 envelope")
    fault = body.find(f"{{{ENVELOPE}}}Fault")
    if fault is not None:
        told = fault.find(f"{{{ENVELOPE}}}Reason/{{{ENVELOPE}}}Text")
        text = "" if told is None else (told.text or "")
        raise NotSoapError(f"the camera says: {' '.join(text.split())[:80] or 'no'}")
    return body


def tree_of(document: bytes) -> Element:
    """A stranger's XML as a tree; tags are ``{namespace}local``.

    Raises:
        NotSoapError: see ``body_of``.
    """
    if len(document) > MAX_BYTES:
        raise NotSoapError(f"larger than {MAX_BYTES} bytes")
    builder = TreeBuilder()
    depth = count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise NotSoapError("too deep or too many elements")
        builder.start(_qualified(name), attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_qualified(name))

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    data: Callable[[str], Any] = builder.data
    parser.CharacterDataHandler = data
    try:
        parser.Parse(document, True)
        return builder.close()
    except expat.ExpatError as error:
        raise NotSoapError(f"not XML: {error}") from None


def _qualified(name: str) -> str:
    return "{" + name if "}" in name else name


def _refuse(*_: Any) -> None:
    raise NotSoapError("a document type is not allowed")
