"""Our authority as iOS takes it: a configuration profile with one root certificate in it."""

import plistlib
from uuid import NAMESPACE_URL, uuid5

from supervisor.remote.tls import Identity
from supervisor.remote.words import words


def profile(identity: Identity) -> bytes:
    """The same bytes for the same authority, so that installing it twice is installing it once."""
    place = identity.name.removesuffix(".local")
    told = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{place}.root",
        "PayloadUUID": _uuid(f"root of {identity.root_sha256.hex()}"),
        "PayloadDisplayName": f"Wakeline authority {place[9:15]}",
        "PayloadDescription": "Vouches for one computer in private networks, and for nothing else.",
        "PayloadCertificateFileName": "wakeline-ca.crt",
        "PayloadContent": identity.root,
    }
    whole = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": place,
        "PayloadUUID": _uuid(f"profile of {identity.root_sha256.hex()}"),
        "PayloadDisplayName": "Wakeline: trust this computer",
        "PayloadDescription": f"Compare with the words on the computer: {words(identity.root_sha256)}",
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [told],
    }
    return plistlib.dumps(whole, sort_keys=True)


def _uuid(text: str) -> str:
    return str(uuid5(NAMESPACE_URL, text)).upper()
