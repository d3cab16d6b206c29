"""Who a camera is to its broker, read from disk anew each time: certificates get renewed."""

from __future__ import annotations

import ssl

from viewkeeper.agent.adapters.link.settings import LinkSettings, TlsSettings
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.secret_file import read_secret_text


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """The context for mutual TLS, read from disk anew: certificates get renewed.

    Raises:
        SetupError: naming the file that cannot be used.
    """
    for path in (tls.ca, tls.cert, tls.key):
        if path is not None and not path.is_file():
            raise SetupError(
                Reason.FILE_MISSING,
                f"tls: {path} is not there: copy it there, or set its place under [broker]",
            )
    try:
        context = ssl.create_default_context(cafile=str(tls.ca))
    except OSError as error:
        raise _unusable(f"{tls.ca} (ca_file)", "no PEM file of the broker's CA", error) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.cert is not None and tls.key is not None:
        try:
            # An empty password: an encrypted key fails instead of asking on a terminal.
            context.load_cert_chain(str(tls.cert), str(tls.key), password="")
        except OSError as error:
            pair = f"{tls.cert} and {tls.key} (cert_file and key_file)"
            why = "no PEM files of a certificate and its plain key"
            if "MISMATCH" in (getattr(error, "reason", None) or ""):
                why = "not of one pair: give the key that the certificate was asked for with"
            raise _unusable(pair, why, error) from error
    return context


def _unusable(what: str, why: str, error: OSError) -> SetupError:
    # An SSLError is an OSError, too; its own text is for who knows OpenSSL.
    told = f"are {why}" if " and " in what else f"is {why}"
    if not isinstance(error, ssl.SSLError):
        told = f"cannot be read: {error.strerror}"
    return SetupError(Reason.FILE_UNREADABLE, f"tls: {what} {told}")


def password_of(settings: LinkSettings) -> str | None:
    """First line of the password file.

    Raises:
        SetupError: missing, readable for others, or empty.
    """
    if settings.password_file is None:
        return None
    return read_secret_text(settings.password_file)
