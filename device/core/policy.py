"""What the law and its table forbid, whoever signs; the tables are ``rules.py``."""

from hashlib import sha256

from device.core import cbor, fields, rules, schema
from device.core.clock import civil, day_number, today
from device.core.errors import Refusal


def has(words, word):
    """Whether a word stands in one of the tables' texts."""
    return " " + word + " " in words


def check_config(config):
    """Refuse a configuration the rules forbid; otherwise what is to be remarked, as text."""
    place = config["place"]
    codes, regime = place["codes"], place["regime"]
    for code in codes:
        if has(rules.PROHIBITED, code):
            raise Refusal("prohibited_place", code + " - " + rules.SOURCE_PLACE)
    for code in codes:
        if not has(rules.OTHER_PLACES, code):
            raise Refusal("unknown_place", code + " is no place code of " + rules.VERSION)
    if place["near_secret_unit"] and "consent" not in place:
        raise Refusal("consent_missing", rules.SOURCE_CONSENT)
    floor = rules.RETENTION_FLOORS.get(regime)
    if floor is not None and config["retention_days"] < floor[0]:
        raise Refusal("retention_too_short", "at least %d days - %s" % floor)
    for name in ("operator", "purpose", "phone"):
        text = config["sign"][name]
        if all(text[at : at + 1] in rules.SPACES for at in range(len(text))):
            raise Refusal("sign_text", "the sign's %s is blank" % name)
    if regime == "art7" and not any(has(rules.ARTICLE_7, code) for code in codes):
        return rules.REMARK_REGIME
    return ""


def check_step(step, standing, config, now):
    """The standing after a lifecycle step."""
    to, source, on_date = step["to"], standing["state"], step["on_date"]
    day_number(on_date)
    head = "%s %s " % (source, to)
    at = ("\n" + rules.STEPS).find("\n" + head)
    if at < 0:
        early = to == "in_use" and source in ("manufactured", "registered")
        reason = "not_accepted_for_use" if early else "lifecycle_step"
        raise Refusal(reason, "no step from %s to %s" % (source, to))
    row = rules.STEPS[at + len(head) : rules.STEPS.find("\n", at)]
    needs_config, needs_view, needs_pass = (mark == "1" for mark in row[:3])
    article = row[4:]
    day = today(now)
    if on_date < standing.get("since", ""):
        raise Refusal("lifecycle_step", "before " + standing["since"])
    if day is not None and on_date > day:
        raise Refusal("lifecycle_step", on_date + " is yet to come")
    if needs_config and config is None:
        raise Refusal("lifecycle_step", "no configuration is in force - " + article)
    if needs_view and (config is None or "view_hash" not in config):
        raise Refusal("lifecycle_step", "no registered view in force - " + rules.SOURCE_VIEW)
    if needs_pass and step.get("passed") is not True:
        raise Refusal("not_accepted_for_use", "acceptance was not passed - " + article)
    if "passed" in step and to not in ("accepted", "registered"):
        raise Refusal("field_unknown", "only an acceptance has a result")
    after = dict(standing)
    after.update({"state": to, "since": on_date, "document": step["document"]})
    if to == "registered":
        for name in ("accepted_on", "in_use_on", "filed_on", "filed_facts"):
            after.pop(name, None)
    elif to == "accepted":
        after["accepted_on"] = on_date
    elif to == "in_use":
        after["in_use_on"] = on_date
    elif to == "filed":
        after["filed_on"], after["filed_facts"] = on_date, filed_facts(config)
    return after


def filed_facts(config):
    """Hash of what a filing states and a configuration holds: place, period, unit."""
    place = fields.pack(schema.PLACE, config["place"])
    facts = [place, config["retention_days"], config["sign"]["operator"]]
    return sha256(cbor.encode(facts)).digest()


def after_config(standing, config, now):
    """The standing once a configuration is in force: filed facts that differ are due."""
    if standing["state"] != "filed" or standing.get("filed_facts") == filed_facts(config):
        return standing
    after = dict(standing)
    after["state"] = "change_due"
    since = today(now) or standing.get("filed_on")
    if since is not None:
        after["since"] = since
    return after


def shown_state(standing, config):
    """The state as reports name it: in use with a filing owed is ``filing_due``."""
    if standing["state"] == "in_use" and config is not None:
        if config["place"]["regime"] in ("art7", "art9"):
            return "filing_due"
    return standing["state"]


def filing_due_on(standing, config):
    """The last day of the filing that is owed; ``None`` where nothing is."""
    if config is None or "since" not in standing:
        return None
    if standing["state"] == "change_due":
        return civil(day_number(standing["since"]) + rules.CHANGE_DAYS)
    owes = standing["state"] == "in_use" and config["place"]["regime"] != "nonpublic"
    if not owes or "in_use_on" not in standing:
        return None
    return civil(day_number(standing["in_use_on"]) + rules.FILING_DAYS)
