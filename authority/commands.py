"""What each command of ``viewkeeper-authority`` does: shows, asks, signs, tells."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

from viewkeeper.agent.core.policy.configuration import findings
from viewkeeper.agent.core.policy.rules import Force
from viewkeeper.authority import sending, wording
from viewkeeper.authority.asking import first_line, making
from viewkeeper.authority.audit import checks
from viewkeeper.authority.audit import wording as audit_wording
from viewkeeper.authority.audit.bundle import read_bundle
from viewkeeper.authority.config_file import EXAMPLE, read_config
from viewkeeper.authority.desk import Desk
from viewkeeper.authority.key_stores import KeyStore
from viewkeeper.authority.keys import read_public_key
from viewkeeper.authority.order_files import read_order
from viewkeeper.authority.register import write_atomically
from viewkeeper.authority.signing import draft_or_sign
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.fields import pack, parse
from viewkeeper.protocol.orders import (
    Command,
    Config,
    LifecycleStep,
    OrderBody,
)
from viewkeeper.protocol.vocabulary import LifecycleState, OrderKind, Role

Run = Callable[[argparse.Namespace], int]
DONE, REFUSED = 0, 1
_DAY_S = 86_400


def init(arguments: argparse.Namespace) -> int:
    desk = Desk.create(
        arguments.desk,
        arguments.person,
        now_s=int(time.time()),
        passphrase=making(arguments),
    )
    print(f"signing desk {arguments.desk}, keyset {desk.keyset.version}")
    _print_thresholds(desk)
    if arguments.no_passphrase:
        print("the keys have NO passphrase: for a demonstration only")
    return DONE


def key_new(arguments: argparse.Namespace) -> int:
    desk = Desk(arguments.desk)
    roles = [Role(role) for role in arguments.role]
    held = desk.cabinet.new_key(
        arguments.name,
        arguments.person,
        roles,
        now_s=int(time.time()),
        passphrase=making(arguments),
        store=KeyStore(
            kind=arguments.store,
            module=arguments.module,
            token=arguments.token,
            tcti=arguments.tcti,
        ),
        algorithm=cose.Algorithm[arguments.algorithm.upper()],
    )
    print(f"{held.name}: {held.entry.person}, {', '.join(roles)}, key {held.kid.hex()}")
    print("it may sign nothing until a keyset names it")
    return DONE


def key_import(arguments: argparse.Namespace) -> int:
    desk = Desk(arguments.desk)
    key = read_public_key(arguments.public)
    roles = [Role(role) for role in arguments.role]
    held = desk.cabinet.import_key(
        arguments.name, arguments.person, roles, key, now_s=int(time.time())
    )
    print(f"{held.name}: {held.entry.person}, {', '.join(roles)}, key {held.kid.hex()}")
    print("its private half is elsewhere; it counts once a keyset names it")
    return DONE


def key_show(arguments: argparse.Namespace) -> int:
    desk = Desk(arguments.desk)
    counted = set(desk.keyset.keys)
    rows = [
        {
            "name": held.name,
            "person": held.entry.person,
            "roles": [role.value for role in held.entry.roles],
            "kid": held.kid.hex(),
            "public": held.entry.raw.hex(),
            "until": wording.moment(held.entry.not_after),
            "in_keyset": held.entry in counted,
            "algorithm": cose.Algorithm(held.entry.algorithm).name,
            "store": held.store.kind,
            "encrypted": held.store.kind == "elsewhere" or desk.cabinet.asks(held.name),
        }
        for held in desk.cabinet.all()
    ]
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return DONE
    print(f"keyset {desk.keyset.version}, epoch {desk.keyset.epoch}")
    _print_thresholds(desk)
    for row in rows:
        marks = "" if row["in_keyset"] else "  (not in the keyset)"
        marks += "" if row["encrypted"] else "  (no passphrase)"
        print(
            f"{row['name']:<16} {row['kid']}  {row['algorithm']:<7} {row['store']:<9} "
            f"{row['person']}  {', '.join(row['roles'])}  "
            f"until {row['until']}{marks}"
        )
    return DONE


def camera_enrol(arguments: argparse.Namespace) -> int:
    desk = Desk(arguments.desk)
    enrolment = desk.enrol(
        camera=arguments.camera,
        site=arguments.site,
        device_key=read_public_key(arguments.device_key),
        now_s=int(time.time()),
        title=arguments.title,
        hfov_deg=arguments.hfov_deg,
    )
    if arguments.out is not None:
        write_atomically(arguments.out, enrolment.encode())
    print(f"camera {enrolment.device} at {enrolment.site}, keyset {enrolment.keyset.version}")
    print(f"bundle {arguments.out or desk.enrolment_file(enrolment.device)}")
    print(f"fingerprint {enrolment.fingerprint}")
    return DONE


def config_example(_arguments: argparse.Namespace) -> int:
    print(EXAMPLE, end="")
    return DONE


def config_sign(arguments: argparse.Namespace) -> int:
    return _sign(arguments, read_config(arguments.file), Role.CONFIGURATION)


def lifecycle_sign(arguments: argparse.Namespace) -> int:
    step = LifecycleStep(
        to=LifecycleState(arguments.to),
        on_date=arguments.on,
        document=arguments.document,
        passed=arguments.passed,
    )
    return _sign(arguments, step, Role.LIFECYCLE)


def command_sign(arguments: argparse.Namespace) -> int:
    role = Role.ACCESS if arguments.name == "new_nonce" else Role.CONFIGURATION
    return _sign(arguments, Command(name=arguments.name, argument=arguments.argument), role)


def send(arguments: argparse.Namespace) -> int:
    desk = Desk(arguments.desk)
    message, order = read_order(arguments.order)
    camera = desk.camera(order.header.audience)
    broker = broker_of(arguments)
    verdict = sending.send(broker, camera, order, message, timeout_s=arguments.timeout_s)
    desk.acknowledge(camera.camera, message, verdict)
    if arguments.json:
        print(
            json.dumps(
                {
                    "camera": camera.camera,
                    "accepted": verdict.accepted,
                    "reason": verdict.reason,
                    "detail": verdict.detail,
                    "sequence": verdict.sequence,
                    "clock": verdict.clock.value,
                },
                ensure_ascii=False,
            )
        )
    else:
        word = "accepted" if verdict.accepted else "REFUSED"
        print(f"{camera.camera}: {word} ({verdict.reason}) {verdict.detail}")
        print(f"time decided by: {verdict.clock}; signature of the camera verified")
    return DONE if verdict.accepted else REFUSED


def broker_of(arguments: argparse.Namespace) -> sending.Broker:
    """The broker that the command line names."""
    password = None
    if arguments.password_file is not None:
        password = first_line(arguments.password_file).decode("utf-8")
    return sending.Broker(
        host=arguments.host,
        port=arguments.port,
        username=arguments.username,
        password=password,
        ca_file=arguments.ca,
        cert_file=arguments.cert,
        key_file=arguments.key,
    )


def register_show(arguments: argparse.Namespace) -> int:
    for camera in Desk(arguments.desk).cameras():
        config = camera.row(OrderKind.CONFIG)
        print(
            f"{camera.camera:<16} {camera.site:<16} key {camera.key.kid.hex()}  "
            f"configuration {config.accepted} (signed up to {config.issued})  {camera.title}"
        )
    return DONE


def register_export(arguments: argparse.Namespace) -> int:
    desk = Desk(arguments.desk)
    register = {
        "cameras": desk.register(),
        "signers": desk.people(Role.CONFIGURATION),
        "order_keys": [
            person
            for role in (Role.ROOT, Role.LIFECYCLE, Role.ACCESS, Role.APPROVAL)
            for person in desk.people(role)
        ],
        "witness_keys": desk.people(Role.WITNESS),
    }
    text = json.dumps(register, ensure_ascii=False, indent=2) + "\n"
    if arguments.out is None:
        print(text, end="")
    else:
        write_atomically(arguments.out, text.encode("utf-8"))
        print(arguments.out)
    return DONE


def audit(arguments: argparse.Namespace) -> int:
    bundle = read_bundle(arguments.bundle)
    key, known = None, frozenset[bytes]()
    if arguments.desk is not None:
        desk = Desk(arguments.desk)
        key, known = desk.camera(bundle.device).key, desk.order_hashes(bundle.device)
    found = checks.audit(bundle, key, known)
    if arguments.html is not None:
        page = audit_wording.as_html(found, arguments.language)
        write_atomically(arguments.html, page.encode("utf-8"))
    if arguments.json:
        print(json.dumps(audit_wording.answers(found), ensure_ascii=False, indent=2))
    else:
        print(audit_wording.as_text(found, arguments.language), end="")
    return DONE if found.passed else REFUSED


def _sign(arguments: argparse.Namespace, body: OrderBody, role: Role) -> int:
    desk = Desk(arguments.desk)
    try:
        body = parse(type(body), pack(body))
    except RefusalError as error:
        raise SetupError(Reason.SETTING, error.hint) from error
    order = desk.draft(
        arguments.camera,
        body,
        now_s=int(time.time()),
        life_s=int(arguments.days * _DAY_S),
    )
    names = arguments.signer or []
    if not names and arguments.draft is None:
        names = [held.name for held in desk.keys_for(role)]
    persons = [desk.cabinet.key(name).entry.person for name in names]
    for line in wording.introduction(order, persons):
        print(line)
    before = desk.last_accepted(arguments.camera, order.kind)
    print("against the last order the camera acknowledged:" if before else "the first of its kind:")
    changes = wording.differences(before.body if before else None, body)
    for line in changes or ["(nothing changes)"]:
        print(f"  {line}")
    for finding in findings(body) if isinstance(body, Config) else ():
        word = "the camera will REFUSE" if finding.rule.force is Force.REFUSE else "remark"
        print(f"{word}: {finding.detail} — {finding.rule.text_en} ({finding.rule.source})")
    signed = draft_or_sign(desk, order, names, arguments, arguments.out)
    return REFUSED if signed is False else DONE


def _print_thresholds(desk: Desk) -> None:
    for threshold in desk.keyset.thresholds:
        holders = {key.person for key in desk.keyset.keys if threshold.role in key.roles}
        print(f"  {threshold.role:<14} {threshold.persons} of {', '.join(sorted(holders))}")
