"""May this camera be configured so? The rules on place, consent, retention and sign."""

from __future__ import annotations

from viewkeeper.agent.core.policy.places import ARTICLE_7_CODES, BY_CODE, VERSION, Ruling
from viewkeeper.agent.core.policy.rules import PROPOSED, Finding, Force, Grade, Rule, Source
from viewkeeper.protocol.errors import OrderRefusal, Reason
from viewkeeper.protocol.orders import Config
from viewkeeper.protocol.vocabulary import Regime

__all__ = ["RETENTION_FLOOR_DAYS", "VERSION", "check_config", "findings"]

PLACE_KNOWN = Rule(
    "place.known",
    PROPOSED,
    "every place code stands in the table of this rule set",
    "场所代码须在本规则表中",
)
PLACE_ALLOWED = Rule(
    "place.allowed",
    (
        Source("Anhui Order 270 Art. 8", Grade.TEXT),
        Source("State Council Order 799 Art. 8", Grade.SECOND_HAND),
    ),
    "no camera in a prohibited place",
    "禁止安装的场所、部位不得安装",
)
PLACE_REGIME = Rule(
    "place.regime",
    PROPOSED,
    "a camera under Article 7 names its class of Article 7 (A1 to A5)",
    "适用第七条的设备应标明第七条类别(A1至A5)",
    Force.REMARK,
)
CONSENT = Rule(
    "consent.secret_unit",
    (Source("State Council Order 799 Art. 10, known through Art. 28", Grade.TEXT),),
    "near a military zone or a secret-bearing unit its consent is needed first",
    "在军事禁区、涉密单位等周边安装须事先征得其同意",
)
RETENTION_ART7 = Rule(
    "retention.art7",
    (Source("State Council Order 799 Art. 17", Grade.PHRASE),),
    "footage is kept for 30 days at least",
    "视频图像信息保存期限不少于30日",
)
RETENTION_ART9 = Rule(
    "retention.gb55029",
    # Order 799 Art. 17 does not bind an Article 9 system [2]; the building code does.
    (Source("GB 55029-2022 3.5.2(5)", Grade.SECOND_HAND),),
    "footage of a video system under GB 55029 is kept for 30 days at least",
    "按GB 55029-2022,视频图像信息保存期限不少于30日",
)
SIGN_TEXT = Rule(
    "sign.text",
    PROPOSED,
    "the sign names its operator, purpose and telephone; the law asks for a conspicuous sign "
    "(Order 799 Art. 13 [F]) and gives no wording",
    "标识写明管理单位、目的和电话;法规要求显著提示标识(799号令第十三条),未规定文字",
)

RETENTION_FLOOR_DAYS: dict[Regime, tuple[int, Rule | None]] = {
    Regime.ART7: (30, RETENTION_ART7),
    Regime.ART9: (30, RETENTION_ART9),
    Regime.NONPUBLIC: (0, None),
}

_REASONS = {
    PLACE_KNOWN.id: Reason.UNKNOWN_PLACE,
    PLACE_ALLOWED.id: Reason.PROHIBITED_PLACE,
    CONSENT.id: Reason.CONSENT_MISSING,
    RETENTION_ART7.id: Reason.RETENTION_TOO_SHORT,
    RETENTION_ART9.id: Reason.RETENTION_TOO_SHORT,
    SIGN_TEXT.id: Reason.SIGN_TEXT,
}


def findings(config: Config) -> tuple[Finding, ...]:
    """Every rule the configuration breaks, prohibited places first."""
    found: list[Finding] = []
    place = config.place
    for code in place.codes:
        entry = BY_CODE.get(code)
        if entry is None:
            found.append(Finding(PLACE_KNOWN, f"{code} is no place code of {VERSION}"))
        elif entry.ruling is Ruling.PROHIBITED:
            found.insert(
                0,
                Finding(
                    PLACE_ALLOWED, f"{code}: {entry.text_en} ({entry.article} [{entry.grade}])"
                ),
            )
    if place.regime is Regime.ART7 and not ARTICLE_7_CODES & set(place.codes):
        found.append(Finding(PLACE_REGIME, f"codes {', '.join(place.codes)} without one of A1–A5"))
    if place.near_secret_unit and place.consent is None:
        found.append(Finding(CONSENT, "near a secret-bearing unit without its consent's number"))
    floor_days, rule = RETENTION_FLOOR_DAYS[place.regime]
    if rule is not None and config.retention_days < floor_days:
        found.append(
            Finding(rule, f"{config.retention_days} days where {floor_days} are the least")
        )
    found.extend(
        Finding(SIGN_TEXT, f"the sign's {name} is blank")
        for name in ("operator", "purpose", "phone")
        if not getattr(config.sign, name).strip()
    )
    return tuple(found)


def check_config(config: Config) -> tuple[Finding, ...]:
    """Refuse a configuration the rules forbid; return what is only to be remarked.

    Raises:
        OrderRefusal: with the reason of the first rule that refuses, naming its article.
    """
    found = findings(config)
    for finding in found:
        if finding.rule.force is Force.REFUSE:
            raise OrderRefusal(
                _REASONS[finding.rule.id], f"{finding.detail} — {finding.rule.source}"
            )
    return found
