"""An audit told in English or Chinese, as text or as a page to print."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator

from viewkeeper.agent.core.device_state import plain
from viewkeeper.agent.core.ledger.entries import Entry
from viewkeeper.authority.audit.checks import Answer, Audit, signers_of
from viewkeeper.authority.audit.reading import look_in, order_in
from viewkeeper.protocol.orders import Grant

LANGUAGES = ("en", "zh")
_BEIJING = dt.timezone(dt.timedelta(hours=8))

_CHECKS: dict[str, tuple[str, str]] = {
    "chain": (
        "every entry follows the one before it: {entries} entries; {detail}",
        "账本逐条相连:共{entries}条;{detail}",
    ),
    "complete": (
        "the ledger begins at entry {first}; files pruned on record: {pruned}",
        "账本自第{first}条起;有记录的删除:{pruned}",
    ),
    "identity": (
        "the camera's key is {key}; enrolment fingerprint {fingerprint}",
        "摄像机公钥{key};登记指纹{fingerprint}",
    ),
    "replay": (
        "every obeyed order was rightly obeyed, decided anew: {orders}. {detail}",
        "已执行指令逐一重新判定均成立:{orders}条。{detail}",
    ),
    "settled": (
        "every order that was begun has an outcome: {intents} begun, open: {open}",
        "开始执行的指令均有结果:共{intents}条,未结:{open}",
    ),
    "checkpoint": (
        "the camera signed for exactly this ledger: {size} of {entries} entries",
        "摄像机签署的正是本账本:{size}/{entries}条",
    ),
    "witness": (
        "checkpoints kept by others agree: {count}; {detail}",
        "他处留存的检查点相符:{count};{detail}",
    ),
    "learned": (
        "every reference was learned under the view then accepted, well within its tolerance: "
        "{learned} learned, {forgotten} deleted, not so: {strangers}; farthest off {farthest}°",
        "所学参考图均在当时确认的视域下、远小于容差时学得:学得{learned}份,删除{forgotten}份,"
        "不符{strangers}份;最大偏差{farthest}°",
    ),
    "looks": (
        "every look that was declared rests on a grant: {looks} declared, without: {bare} {why}",
        "凡申报的调阅均有批准依据:申报{looks}次,无依据{bare}次 {why}",
    ),
    "refusals": (
        "the count of refused orders never falls: {total}",
        "拒绝计数从不减少:{total}",
    ),
    "desk": (
        "orders obeyed that this signing desk has not on file: {strangers} of {orders}",
        "本签发台未留档而被执行的指令:{strangers}/{orders}",
    ),
    "depth": (
        "the ledger reaches back {days} days or to enrolment; the least is {least}",
        "账本可追溯{days}日或至登记;至少{least}日",
    ),
    "filing": (
        "no filing is overdue; days left: {left}; {rule}",
        "备案未逾期;剩余日数:{left};{rule}",
    ),
}
_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Audit of camera {device}", "摄像机{device}审计"),
    "exported": ("exported {when}", "导出时间{when}"),
    "untrusted": ("by a clock that was not synchronised", "时钟未同步"),
    "yes": ("yes", "是"),
    "no": ("NO", "否"),
    "unknown": ("cannot be told", "无法判定"),
    "passed": ("Nothing is wrong in what could be checked.", "可核查部分未见异常。"),
    "failed": ("Something is wrong: see the answers marked NO.", "存在异常:见标注“否”的各项。"),
    "events": ("What happened", "经过"),
    "register": ("Access register", "调阅登记"),
    "register_empty": ("no grant was entered", "无调阅登记"),
    "limit": (
        "A look at footage without a grant cannot be stopped or seen by this camera's agent; "
        "signed declarations are not proof of what was signed.",
        "未经登记的调阅,本机代理无法阻止亦无法察觉;经签署的声明并不证明所声明之事。",
    ),
}


def _say(key: str, language: str, /, **facts: str) -> str:
    table = _CHECKS if key in _CHECKS else _WORDS
    return table[key][LANGUAGES.index(language)].format(**facts)


def moment(utc_ms: int) -> str:
    """Beijing time to the second."""
    return dt.datetime.fromtimestamp(utc_ms // 1000, _BEIJING).strftime("%Y-%m-%d %H:%M:%S +08:00")


def as_text(audit: Audit, language: str) -> str:
    """The audit as plain text."""
    return "\n".join(line for _, line in _lines(audit, language)) + "\n"


def as_html(audit: Audit, language: str) -> str:
    """The audit as one printable page without scripts."""
    tags = {"title": "h1", "part": "h2"}
    body = "\n".join(
        f'<{tags.get(kind, "p")} class="{kind}">{html.escape(line)}</{tags.get(kind, "p")}>'
        for kind, line in _lines(audit, language)
    )
    title = html.escape(_say("title", language, device=audit.bundle.device))
    tag = "zh-CN" if language == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{tag}"><head><meta charset="utf-8"><title>{title}</title>\n'
        "<style>body{font:11pt/1.5 sans-serif;max-width:48em;margin:2em auto;padding:0 1em}"
        "p{margin:.2em 0}.no{font-weight:bold}.no::before{content:'✗ '}.yes::before"
        "{content:'✓ '}.unknown::before{content:'? '}@media print{body{margin:0}}</style>"
        f"</head>\n<body>\n{body}\n</body></html>\n"
    )


def _lines(audit: Audit, language: str) -> Iterator[tuple[str, str]]:
    bundle = audit.bundle
    yield "title", _say("title", language, device=bundle.device)
    trust = "" if bundle.clock_trusted else f" ({_say('untrusted', language)})"
    yield "line", _say("exported", language, when=moment(bundle.exported_utc_ms)) + trust
    yield "line", _say("passed" if audit.passed else "failed", language)
    for check in audit.checks:
        answer = _say(check.answer.value, language)
        yield check.answer.value, f"[{answer}] {_say(check.id, language, **check.facts)}"
    yield "part", _say("register", language)
    grants = [
        words for entry in bundle.entries if (words := _grant(entry) or _look(entry)) is not None
    ]
    for words in grants or [_say("register_empty", language)]:
        yield "line", words
    yield "line", _say("limit", language)
    yield "part", _say("events", language)
    keys = audit.state.trust.keyset.keys if audit.state is not None else ()
    for entry in bundle.entries:
        signers = ", ".join(signers_of(entry, keys))
        words = f"{entry.index:>6}  {moment(entry.utc_ms)}  {entry.kind}  {_detail(entry)}"
        yield "line", f"{words}  {signers}".rstrip()


def _grant(entry: Entry) -> str | None:
    order = order_in(entry)
    if order is None or not isinstance(order.body, Grant):
        return None
    grant = order.body
    return (
        f"{moment(entry.utc_ms)}  {', '.join(grant.officers)} ← {grant.approver} "
        f"({grant.approval}): {moment(grant.from_s * 1000)} – {moment(grant.to_s * 1000)}; "
        f"{grant.purpose} → {grant.destination}"
    )


def _look(entry: Entry) -> str | None:
    look = look_in(entry)
    if look is None:
        return None
    unit = f" ({look.unit})" if look.unit else ""
    return (
        f"{moment(entry.utc_ms)}  {', '.join(look.persons)}{unit} {look.act}: "
        f"{moment(look.from_s * 1000)} – {moment(look.to_s * 1000)}; {look.purpose} → "
        f"{look.destination} [{plain(str(entry.details.get('cover')))}]"
    )


def _detail(entry: Entry) -> str:
    order = order_in(entry)
    if order is not None:
        return f"{order.kind.name.lower()} {order.header.sequence}"
    shown = ("reason", "detail", "cover", "count", "total", "intent", "alarm", "bytes", "why")
    # A forged ledger may hold anything: no control character reaches the auditor's screen.
    told = [
        plain(f"{name}={value}")
        for name in shown
        if (value := entry.details.get(name)) not in (None, "")
    ]
    for name in ("learned", "view"):
        value = entry.details.get(name)
        told += [f"{name}={value[:8].hex()}…"] if isinstance(value, bytes) else []
    return " ".join(told)


def answers(audit: Audit) -> dict[str, object]:
    """The audit for machines."""
    return {
        "device": audit.bundle.device,
        "passed": audit.passed,
        "checks": [
            {"id": check.id, "answer": check.answer.value, **check.facts} for check in audit.checks
        ],
        "wrong": [check.id for check in audit.checks if check.answer is Answer.NO],
    }
