"""The bridge from a site's mosquitto to the province's broker: prints its configuration.

    bridge.py SITE PROVINCE[:PORT] [--files /etc/mosquitto/viewkeeper] [--mqtt 3.1.1] [--mirror]

Put what it prints beside the site's configuration, as /etc/mosquitto/conf.d/viewkeeper-bridge.conf.
The site's broker needs a certificate of the *province's* authority (certs.py issue PROVINCE_CERTS
bridge SITE): FILES then holds bridge-ca.crt, bridge.crt and bridge.key.

What goes up and what comes down are the patterns of acl.conf: a site's cameras say, and hear, what
any camera does. mosquitto asks no ACL of its own bridge, so these lines are what keeps a province
from writing anything else at a site; the province's ACL keeps the site within its own subtree.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

_ID = r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"
_HOST = r"[A-Za-z0-9.-]{1,253}"
ACL = Path(__file__).parent / "acl.conf"

_HEAD = """\
# Bridge of site {site} to the province, written by broker_config/bridge.py.
connection province-{site}
address {host}:{port}
bridge_protocol_version {version}
bridge_cafile {files}/bridge-ca.crt
bridge_certfile {files}/bridge.crt
bridge_keyfile {files}/bridge.key
bridge_tls_version tlsv1.2
remote_clientid bridge.{site}
local_clientid local.bridge.{site}
# What the province has not acknowledged waits here, up to max_queued_messages and
# max_queued_bytes of the site's configuration, and outlives a restart of this broker.
cleansession false
# A pause by chance between 5 and 300 s: sites that lost one broker do not come back as a herd.
restart_timeout 5 300
keepalive_interval 60
notifications false
try_private {private}
bridge_attempt_unsubscribe false
"""


def configuration(
    site: str,
    host: str,
    port: int,
    fixed: str,
    *,
    files: str = "/etc/mosquitto/viewkeeper",
    mqtt: str = "5",
    mirror: bool = False,
) -> str:
    """The bridge's part of mosquitto.conf.

    Args:
        site: whose cameras; the name of the bridge's certificate at the province.
        fixed: acl.conf, which knows what a camera says and hears.
        files: where mosquitto finds the bridge's certificates.
        mqtt: of the province's broker, ``5`` or ``3.1.1``.
        mirror: whether the plain mirror on ``state`` goes up, too; what is signed always does.
    """
    found = re.findall(r"^pattern (write|read) viewkeeper/v1/%u/(\S+)$", fixed, re.MULTILINE)
    base = f"viewkeeper/v1/{site}/"
    version = {"5": "mqttv50", "3.1.1": "mqttv311"}[mqtt]
    private = "true" if mqtt == "5" else "false"
    lines = [
        f"topic +/{rest} {'out' if verb == 'write' else 'in'} 1 {base} {base}"
        for verb, rest in found
        if mirror or rest != "state"
    ]
    head = _HEAD.format(
        site=site, host=host, port=port, version=version, files=files, private=private
    )
    return head + "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 where it did what was asked."""
    parser = argparse.ArgumentParser(description="A site's bridge to the province, for mosquitto.")
    parser.add_argument("site", help="as in the cameras' topics")
    parser.add_argument(
        "province", metavar="HOST[:PORT]", help="its broker (port 8883 unless said)"
    )
    parser.add_argument("--files", default="/etc/mosquitto/viewkeeper", help="default %(default)s")
    parser.add_argument("--mqtt", choices=("5", "3.1.1"), default="5", help="default %(default)s")
    parser.add_argument("--mirror", action="store_true", help="the plain mirror goes up, too")
    options = parser.parse_args(arguments)
    host, _, port = options.province.partition(":")
    if re.fullmatch(_ID, options.site) is None:
        return _wrong(f"site {options.site!r}: use 1 to 32 of a-z, 0-9 and inner hyphens")
    if re.fullmatch(_HOST, host) is None or not (port or "8883").isdigit():
        return _wrong(f"{options.province!r}: write HOST or HOST:PORT")
    if re.search(r"\s", options.files):
        return _wrong(f"{options.files!r}: mosquitto takes no blank in a file's name here")
    told = configuration(
        options.site,
        host,
        int(port or 8883),
        ACL.read_text("utf-8"),
        files=options.files,
        mqtt=options.mqtt,
        mirror=options.mirror,
    )
    sys.stdout.write(told)
    return 0


def _wrong(text: str) -> int:
    print(f"bridge: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
