"""The TLS context of the link: the broker must prove itself, and so does the device."""

from binascii import a2b_base64

import tls


def client_context(ca_path, cert_path=None, key_path=None):
    """A context that trusts one authority alone, with this device's own certificate.

    mbedTLS here speaks TLS 1.2 at most. Files are DER, or PEM with the one block that counts:
    ports are built without PEM, so it is taken apart here. The broker's certificate must carry
    its name. Dates are checked only where mbedTLS was built with a clock.
    """
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    context.load_verify_locations(_bytes(ca_path))
    if cert_path:
        context.load_cert_chain(_bytes(cert_path), _bytes(key_path))
    return context


def _bytes(path):
    with open(path, "rb") as file:
        data = file.read()
    begin = data.find(b"-----BEGIN")
    if begin < 0:
        return data
    start = data.index(b"\n", begin)
    return a2b_base64(data[start : data.index(b"-----END", start)])
