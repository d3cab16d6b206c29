"""``viewkeeper-authority``: reads the command line, nothing else."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from viewkeeper.authority import commands, together, updating
from viewkeeper.authority.options import add_passphrase, add_signing, command, room
from viewkeeper.command_line import OneLineParser, guarded
from viewkeeper.protocol.vocabulary import LifecycleState, Role

EPILOG = """\
A first pilot, from nothing to a configuration that a camera obeys:
  viewkeeper-authority init desk --person "Li Wei"
  viewkeeper-authority camera enrol desk --camera cam-1 --site hefei --device-key device.pub
  viewkeeper-authority config example > cam-1.toml
  viewkeeper-authority config sign desk --camera cam-1 --file cam-1.toml
  viewkeeper-authority send desk ORDER.cose --host broker.example
Exit status: 0 done (send: accepted), 1 refused by the camera or not confirmed, 2 an error.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 refused or not confirmed, 2 an error (one line on standard error).
    """
    arguments = _parser().parse_args(argv)
    return guarded("viewkeeper-authority", lambda: int(arguments.run(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="viewkeeper-authority",
        description="The signing desk: keys, enrolment, signed orders, audits.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    rooms = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_init(rooms)
    _add_key(rooms)
    _add_camera(rooms)
    _add_orders(rooms)
    _add_send(rooms)
    _add_update(rooms)
    _add_register(rooms)
    _add_audit(rooms)
    _add_together(rooms)
    return parser


def _add_init(rooms: argparse._SubParsersAction) -> None:
    init = command(
        rooms,
        "init",
        commands.init,
        "set up a desk for a pilot: one key a person and role, keyset 1",
        "With one or two persons every threshold is 1 and nobody may look at footage. With "
        "three or more, root and update take two persons, the first approves, the others look.",
    )
    init.add_argument(
        "--person", action="append", required=True, metavar="NAME", help="may be given again"
    )
    add_passphrase(init, making=True)


def _add_key(rooms: argparse._SubParsersAction) -> None:
    verbs = room(rooms, "key", "make and show keys")
    new = command(verbs, "new", commands.key_new, "make a key; a keyset must name it to count")
    new.add_argument("name", help="of its files: letters, digits, - and _")
    new.add_argument("--person", required=True, help="whose it is")
    new.add_argument(
        "--role",
        action="append",
        required=True,
        choices=[role.value for role in Role],
        help="what it may sign; may be given again",
    )
    new.add_argument(
        "--store",
        default="file",
        choices=("file", "pkcs11", "tpm"),
        help="where it is kept: a file, a token, this machine's TPM 2.0 (default: file)",
    )
    new.add_argument("--module", default="", metavar="FILE", help="the token's PKCS#11 library")
    new.add_argument("--token", default="", metavar="LABEL", help="the token's label")
    new.add_argument("--tcti", default="", help="how to reach the TPM (default: the system's own)")
    new.add_argument(
        "--algorithm",
        default="ed25519",
        choices=("ed25519", "es256"),
        help="of a key in a file (default: ed25519); tokens and TPMs make es256",
    )
    add_passphrase(new, making=True)
    take = command(
        verbs, "import", commands.key_import, "take a card for a key that lies elsewhere"
    )
    take.add_argument("name", help="of its card")
    take.add_argument("--person", required=True, help="whose it is")
    take.add_argument(
        "--role", action="append", required=True, choices=[role.value for role in Role]
    )
    take.add_argument("--public", required=True, metavar="KEY", help="hexadecimal, or a PEM file")
    show = command(verbs, "show", commands.key_show, "list the keys of this desk")
    show.add_argument("--json", action="store_true", help="for machines")


def _add_camera(rooms: argparse._SubParsersAction) -> None:
    verbs = room(rooms, "camera", "enrol and show cameras")
    enrol = command(
        verbs,
        "enrol",
        commands.camera_enrol,
        "enter a camera in the register and write its enrolment bundle",
        "Carry the bundle to the camera yourself and compare the fingerprint: it is the one "
        "thing the camera cannot verify.",
    )
    enrol.add_argument("--camera", required=True, metavar="ID", help="a-z, 0-9, inner hyphens")
    enrol.add_argument("--site", required=True, metavar="ID")
    enrol.add_argument(
        "--device-key",
        required=True,
        metavar="KEY",
        help="the camera's public key: 64 hexadecimal digits or a PEM file",
    )
    enrol.add_argument("--title", default="", help="for people")
    enrol.add_argument("--hfov-deg", type=float, help="horizontal field of view, for drawing")
    enrol.add_argument("--out", type=Path, metavar="FILE", help="also write the bundle here")


def _add_orders(rooms: argparse._SubParsersAction) -> None:
    verbs = room(rooms, "config", "sign what a camera is told to be")
    sign = command(
        verbs,
        "sign",
        commands.config_sign,
        "sign a configuration, after showing what changes",
    )
    sign.add_argument("--file", type=Path, required=True, metavar="TOML")
    add_signing(sign)
    example = verbs.add_parser("example", help="print a configuration to start from")
    example.set_defaults(run=commands.config_example)

    verbs = room(rooms, "lifecycle", "sign steps from registration to withdrawal")
    step = command(verbs, "sign", commands.lifecycle_sign, "sign a step of the lifecycle")
    step.add_argument("--to", required=True, choices=[state.value for state in LifecycleState])
    step.add_argument("--on", required=True, metavar="YYYY-MM-DD", help="the day of the step")
    step.add_argument("--document", required=True, help="number of the paper behind it")
    result = step.add_mutually_exclusive_group()
    result.add_argument(
        "--passed", action="store_true", default=None, help="the acceptance was passed"
    )
    result.add_argument("--failed", dest="passed", action="store_false", help="it was not")
    add_signing(step)

    verbs = room(rooms, "command", "sign a deed: new_nonce, identify, release_latch, …")
    deed = command(verbs, "sign", commands.command_sign, "sign a command")
    deed.add_argument("--name", required=True)
    deed.add_argument("--argument")
    add_signing(deed)


def _add_send(rooms: argparse._SubParsersAction) -> None:
    send = command(
        rooms,
        "send",
        commands.send,
        "take a signed order to its camera over MQTT and wait for the signed verdict",
    )
    send.add_argument("order", type=Path, metavar="ORDER.cose")
    _add_broker(send)
    send.add_argument("--timeout-s", type=float, default=30.0, help="default: %(default)s")
    send.add_argument("--json", action="store_true", help="for machines")


def _add_broker(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="localhost", help="broker (default: %(default)s)")
    parser.add_argument("--port", type=int, default=1883, help="default: %(default)s; TLS: 8883")
    parser.add_argument("--username")
    parser.add_argument("--password-file", type=Path, metavar="FILE")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="switches TLS on")
    parser.add_argument("--cert", type=Path, metavar="FILE", help="client certificate")
    parser.add_argument("--key", type=Path, metavar="FILE", help="its private key")


def _add_update(rooms: argparse._SubParsersAction) -> None:
    verbs = room(rooms, "update", "programs for MicroPython devices")
    sign = command(
        verbs,
        "sign",
        updating.update_sign,
        "sign what make device built as a bundle",
        "It takes the keys of the role update that the keyset asks for.",
    )
    sign.add_argument("folder", type=Path, metavar="FOLDER", help="build/device/ARCH/slot-a")
    sign.add_argument(
        "--target",
        required=True,
        help="architecture of mpy-cross, plain, or a board for a whole image",
    )
    sign.add_argument("--version", required=True, help="what the device will report")
    sign.add_argument("--counter", type=int, required=True, help="larger than the last one's")
    sign.add_argument("--out", type=Path, required=True, metavar="FILE")
    sign.add_argument("--yes", action="store_true", help="do not ask")
    add_passphrase(sign, making=False)
    send = command(
        verbs,
        "send",
        updating.update_send,
        "hand a bundle to a device over MQTT and wait until it reports that program",
        "Sent again after a cut, it goes on where it ended.",
    )
    send.add_argument("bundle", type=Path, metavar="BUNDLE")
    send.add_argument("--camera", required=True, metavar="ID")
    _add_broker(send)
    send.add_argument("--timeout-s", type=float, default=600.0, help="default: %(default)s")
    status = command(
        verbs, "status", updating.update_status, "how far programs got, by signed records"
    )
    _add_broker(status)
    status.add_argument("--wait-s", type=float, default=5.0, help="default: %(default)s")


def _add_register(rooms: argparse._SubParsersAction) -> None:
    verbs = room(rooms, "register", "the cameras of this desk")
    command(verbs, "show", commands.register_show, "list them")
    export = command(verbs, "export", commands.register_export, "as JSON for the dashboard")
    export.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")


def _add_together(rooms: argparse._SubParsersAction) -> None:
    verbs = room(rooms, "grant", "leave to look at footage: approver and two officers sign")
    draft = command(verbs, "draft", together.grant_draft, "write a grant nobody has signed yet")
    draft.add_argument("--camera", required=True, metavar="ID")
    draft.add_argument("--approver", required=True, metavar="PERSON")
    draft.add_argument("--officer", action="append", required=True, metavar="PERSON")
    draft.add_argument("--purpose", required=True)
    draft.add_argument("--destination", required=True, help="where the footage goes")
    draft.add_argument("--approval", required=True, help="number of the approval paper")
    draft.add_argument("--footage-from", required=True, metavar="2026-11-18T14:00+08:00")
    draft.add_argument("--footage-to", required=True, metavar="2026-11-18T15:00+08:00")
    draft.add_argument("--nonce", required=True, help="the camera's answer to new_nonce")
    draft.add_argument("--hours", type=int, default=24, help="valid for (default: %(default)s)")
    draft.add_argument("--out", type=Path, required=True, metavar="DRAFT")
    verbs = room(rooms, "order", "sign any draft with several keys, one at a time")
    sign = command(verbs, "sign", together.order_sign, "sign a draft with one key")
    sign.add_argument("draft", type=Path, metavar="DRAFT")
    sign.add_argument("--signer", required=True, metavar="NAME", help="key to sign with")
    sign.add_argument("--out", type=Path, required=True, metavar="SHARE")
    sign.add_argument("--yes", action="store_true", help="do not ask")
    add_passphrase(sign, making=False)
    combine = command(verbs, "combine", together.order_combine, "make one order of the shares")
    combine.add_argument("draft", type=Path, metavar="DRAFT")
    combine.add_argument("share", type=Path, nargs="+", metavar="SHARE")
    combine.add_argument("--out", type=Path, metavar="FILE", help="also write the order here")

    verbs = room(rooms, "keyset", "who may sign what")
    rotate = command(
        verbs,
        "rotate",
        together.keyset_rotate,
        "sign the next keyset for one camera",
        "A camera that is behind gets the version it lacks, one at a time.",
    )
    rotate.add_argument("--camera", required=True, metavar="ID")
    rotate.add_argument("--add", action="append", default=[], metavar="KEY")
    rotate.add_argument("--remove", action="append", default=[], metavar="KEY")
    rotate.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="ROLE=ALGORITHM",
        help="let keys of a role be es256 or sm2, too",
    )
    rotate.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="ROLE=PERSONS",
        help="how many persons a role takes; needed for a role that nobody held so far",
    )
    rotate.add_argument("--draft", type=Path, metavar="FILE", help="write it unsigned instead")
    rotate.add_argument("--new-epoch", action="store_true", help="start all sequences anew")
    rotate.add_argument("--yes", action="store_true", help="do not ask")
    add_passphrase(rotate, making=False)


def _add_audit(rooms: argparse._SubParsersAction) -> None:
    parser: argparse.ArgumentParser = rooms.add_parser(
        "audit",
        help="verify a camera's inspection bundle offline and explain it",
        description="Verify a camera's inspection bundle offline: chain, tree, signatures, and "
        "every decision taken anew. Exit status 1 where something is wrong.",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE.zip")
    parser.add_argument(
        "--desk", type=Path, metavar="DESK", help="compare with its register and orders"
    )
    parser.add_argument("--language", choices=("en", "zh"), default="en")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page to print")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=commands.audit)


if __name__ == "__main__":
    sys.exit(main())
