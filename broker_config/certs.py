"""A small certificate authority for tests and pilots: who may speak to a site's broker.

    certs.py init FOLDER --server broker.example --server 192.0.2.7
    certs.py issue FOLDER camera north-gate/cam-01 [--days 1095]
    certs.py issue FOLDER desk|recorder|dashboard|homeassistant NAME
    certs.py issue FOLDER bridge SITE         (a site's broker, at the province's)
    certs.py node FOLDER NAME --server HOST   (a node of a cluster: to clients and to other nodes)
    certs.py issue … --renew
    certs.py issue FOLDER camera SITE/CAMERA --request CAMERA.csr    (the key stays on the camera)
    certs.py server FOLDER --server HOST      (renews the broker's)
    certs.py revoke FOLDER NAME
    certs.py list FOLDER
    certs.py acl FOLDER > acl

A certificate's common name is the user name the broker's ACL knows: ``site/camera`` for a camera,
``role.name`` for the others. FOLDER then holds ``ca.crt``, ``ca.key``, ``crl.pem``,
``server.crt``, ``server.key``, and ``issued/NAME.crt``, ``.key``.

For production use the operator's own authority and keep its key off this machine: the broker
needs ``ca.crt``, ``crl.pem``, its own pair and nothing else.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from acl_file import acl, camera_topics
from certificate_authority import CLIENT_DAYS, ROLES, Authority, Issued
from x509_parts import CertsError

__all__ = ["ROLES", "Authority", "CertsError", "Issued", "acl", "camera_topics", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 where it did what was asked."""
    parser = argparse.ArgumentParser(description="A small certificate authority.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument("folder", type=Path, help="where the authority's files are")
    init = verbs.add_parser(
        "init", parents=[folder], help="make the authority and the broker's pair"
    )
    init.add_argument("--server", action="append", default=[], help="host name or address")
    renew = verbs.add_parser("server", parents=[folder], help="a new pair for the broker")
    renew.add_argument("--server", action="append", default=[], help="host name or address")
    issue = verbs.add_parser("issue", parents=[folder], help="a pair for a client")
    issue.add_argument("role", choices=ROLES)
    issue.add_argument("name", help="site/camera for a camera, a name for the others")
    issue.add_argument("--renew", action="store_true", help="the present one holds on")
    issue.add_argument(
        "--request",
        type=Path,
        metavar="FILE.csr",
        help="the client's own certificate request: its key stays where it was made",
    )
    issue.add_argument("--days", type=int, default=CLIENT_DAYS, help="how long it holds")
    node = verbs.add_parser("node", parents=[folder], help="a pair for a node of a cluster")
    node.add_argument("name", help="of the node")
    node.add_argument("--server", action="append", default=[], help="host name or address")
    revoke = verbs.add_parser(
        "revoke", parents=[folder], help="put a client on the revocation list"
    )
    revoke.add_argument("name", help="its common name, as list shows it")
    verbs.add_parser("list", parents=[folder], help="who has a certificate, and until when")
    acl_verb = verbs.add_parser("acl", parents=[folder], help="print the broker's ACL")
    acl_verb.add_argument("--discovery-prefix", default="homeassistant")
    options = parser.parse_args(arguments)
    authority = Authority(options.folder, datetime.datetime.now(datetime.UTC))
    try:
        _run(options, authority)
    except CertsError as error:
        print(f"certs: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, authority: Authority) -> None:
    if options.verb == "init":
        authority.init(options.server)
    elif options.verb == "server":
        authority.renew_server(options.server)
    elif options.verb == "issue":
        try:
            request = None if options.request is None else options.request.read_bytes()
        except OSError as error:
            raise CertsError(f"{options.request}: {error.strerror}") from None
        issued = authority.issue(
            options.role, options.name, days=options.days, renew=options.renew, request=request
        )
        print(authority.path_of(issued.name, "crt"))
    elif options.verb == "node":
        print(*authority.issue_node(options.name, options.server), sep="\n")
    elif options.verb == "revoke":
        name = authority.revoke(options.name).name
        print(f"{name} is revoked: write the ACL anew (certs.py acl), then send the broker SIGHUP")
    elif options.verb == "list":
        for issued in authority.issued():
            left = (issued.expires - authority.now).days
            state = "revoked" if issued.revoked else f"{left} days left"
            print(f"{issued.name:40} {issued.role:14} {state}")
    else:
        fixed = (Path(__file__).parent / "acl.conf").read_text("utf-8")
        sys.stdout.write(acl(authority.issued(), fixed, discovery_prefix=options.discovery_prefix))


if __name__ == "__main__":
    sys.exit(main())
