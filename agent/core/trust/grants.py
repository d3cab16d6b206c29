"""Who must sign a look at footage: the approver and every officer who will look.

Anhui Order 270 Art. 21 asks for the approval of the principal head, Art. 22 for at
least two officials together (REGULATION §1). That the approver is not one of those who
look is this project's proposal, not law.
"""

from __future__ import annotations

from collections.abc import Sequence

from viewkeeper.agent.core.trust import keysets
from viewkeeper.protocol.errors import OrderRefusal, Reason
from viewkeeper.protocol.orders import Grant, KeyEntry, Keyset
from viewkeeper.protocol.vocabulary import Role

MIN_OFFICERS = 2


def check_grant_signers(grant: Grant, signers: Sequence[KeyEntry], keyset: Keyset) -> None:
    """The persons named and the persons who signed are the same, and they are enough.

    Raises:
        OrderRefusal: ``two_persons``, ``threshold_not_met`` (named, not signed),
            ``role_missing`` (signed, not named; or without the role).
    """
    officers = set(grant.officers)
    if len(officers) < MIN_OFFICERS or len(officers) != len(grant.officers):
        raise OrderRefusal(Reason.TWO_PERSONS, "at least two different officers must be named")
    if grant.approver in officers:
        raise OrderRefusal(Reason.TWO_PERSONS, "who approves is not one of those who look")
    named = officers | {grant.approver}
    strangers = {entry.person for entry in signers} - named
    if strangers:
        raise OrderRefusal(Reason.ROLE_MISSING, f"signed but not named: {', '.join(strangers)}")
    missing = named - {entry.person for entry in signers}
    if missing:
        raise OrderRefusal(
            Reason.THRESHOLD_NOT_MET, f"named but not signed: {', '.join(sorted(missing))}"
        )
    looking = [entry for entry in signers if entry.person in officers]
    approving = [entry for entry in signers if entry.person == grant.approver]
    for rows, role in ((looking, Role.ACCESS), (approving, Role.APPROVAL)):
        keysets.check_signers(rows, role, keysets.persons_needed(keyset, role))
