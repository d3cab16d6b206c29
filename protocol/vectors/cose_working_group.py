"""Two examples of the COSE working group, transcribed as data (public domain).

Source: github.com/cose-wg/Examples, eddsa-examples/eddsa-sig-01.json and eddsa-01.json.
They use the polymorphic algorithm EdDSA (-8) and carry ``kid`` unprotected, so this
profile refuses them on purpose; what they check here are the structures underneath.
"""

from __future__ import annotations

from typing import Any

from viewkeeper.protocol.errors import Reason

_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
_SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
_CONTENT = "546869732069732074686520636f6e74656e742e"


def document() -> dict[str, Any]:
    """The file ``cose_working_group.json``."""
    return {
        "about": "Examples of the COSE working group: to_be_signed must come out of the parts, "
        "the signature must hold under the key, and the profile must refuse the message.",
        "cases": [
            {
                "id": "eddsa-sig-01",
                "structure": "Signature1",
                "key": _KEY,
                "seed": _SEED,
                "protected": "a201270300",
                "external_aad": "",
                "payload": _CONTENT,
                "to_be_signed": "846a5369676e61747572653145a2012703004054" + _CONTENT,
                "signature": "7142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb87"
                "11497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d",
                "message": "d28445a201270300a10442313154" + _CONTENT + "5840"
                "7142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb87"
                "11497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d",
                "refused_by_profile": Reason.UNPROTECTED_HEADER.value,
                "why": "kid is unprotected; were it protected, alg -8 and content type 0 would "
                "still not be of the profile",
            },
            {
                "id": "eddsa-01",
                "structure": "Signature",
                "key": _KEY,
                "seed": _SEED,
                "protected": "a10300",
                "signer_protected": "a10127",
                "external_aad": "",
                "payload": _CONTENT,
                "to_be_signed": "85695369676e617475726543a1030043a101274054" + _CONTENT,
                "signature": "77f3eacd11852c4bf9cb1d72fabe6b26fba1d76092b2b5b7ec83b83557652264"
                "e69690dbc1172ddc0bf88411c0d25a507fdb247a20c40d5e245fabd3fc9ec106",
                "message": "d8628443a10300a054" + _CONTENT + "818343a10127a1044231315840"
                "77f3eacd11852c4bf9cb1d72fabe6b26fba1d76092b2b5b7ec83b83557652264"
                "e69690dbc1172ddc0bf88411c0d25a507fdb247a20c40d5e245fabd3fc9ec106",
                "refused_by_profile": Reason.UNKNOWN_HEADER.value,
                "why": "the body has a protected header; alg -8 and the unprotected kid are not "
                "of the profile, either",
            },
        ],
    }
