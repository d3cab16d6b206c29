"""Time for a device that may not know it: the rules of ``agent/core/trust/clock.py``."""

from device.core.errors import Refusal

SKEW_S = 300
MAX_LEAD_S = 366 * 86400


class Now:
    """The time as the device has it; an untrusted ``utc_ms`` decides nothing."""

    def __init__(self, utc_ms, mono_ms, trusted):
        self.utc_ms = utc_ms
        self.mono_ms = mono_ms
        self.trusted = trusted
        self.utc_s = utc_ms // 1000

    @property
    def clock(self):
        return "synchronised" if self.trusted else "floor"

    def latest_s(self, floor_s):
        """The latest moment it certainly already is."""
        floor_s = 0 if floor_s is None else floor_s
        return max(self.utc_s, floor_s) if self.trusted else floor_s


def check_window(header, now, floor_s):
    """Refuse an order outside its window; ``floor_s`` is None for one that outranks it."""
    expires_at = header["expires_at"]
    if header["not_before"] >= expires_at or header["issued_at"] >= expires_at:
        raise Refusal("inverted_window", "the order expires before it begins")
    if now.latest_s(floor_s) >= expires_at:
        raise Refusal("expired", "the order expired at %d" % expires_at)
    if now.trusted:
        earliest_s, latest_issue_s = now.utc_s, now.utc_s + SKEW_S
    elif floor_s is not None:
        earliest_s = latest_issue_s = floor_s + MAX_LEAD_S
    else:
        return
    if header["not_before"] > earliest_s or header["issued_at"] > latest_issue_s:
        raise Refusal("not_yet_valid", "the order is valid from %d" % header["not_before"])


def civil(days):
    """YYYY-MM-DD of a day number since 1970-01-01 (Hinnant, "chrono-compatible", 2013)."""
    z = days + 719468
    era = z // 146097
    of_era = z - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year += era * 400 + (1 if month <= 2 else 0)
    return "%04d-%02d-%02d" % (year, month, day)


def day_number(text):
    """The inverse; refuses (``field_range``) what is no day of the calendar."""
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    if year < 1 or not 1 <= month <= 12 or day < 1:
        raise Refusal("field_range", "no day of the calendar")
    y = year - 1 if month <= 2 else year
    era = y // 400
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    y -= era * 400
    number = era * 146097 + y * 365 + y // 4 - y // 100 + of_year - 719468
    if civil(number) != text:
        raise Refusal("field_range", "no day of the calendar")
    return number


def today(now):
    """The day by the rule set's calendar, UTC+8; None where the clock is not trusted."""
    return civil((now.utc_s + 8 * 3600) // 86400) if now.trusted else None
