"""Keys and certificates in the right shape, which are neither: nothing can be opened with them."""

from __future__ import annotations

import base64
import hashlib
from textwrap import wrap
from typing import Any

from policyscan.planner.utility.made_up import made_up_bytes

_BYTES = 96
_VALID_FROM, _VALID_UNTIL = "2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z"

Attributes = dict[str, Any]


def pem(label: str, seed: str) -> str:
    """A PEM block around made-up bytes; `label` is what its first line names."""
    body = base64.b64encode(made_up_bytes(f"{seed}\0{label}", _BYTES)).decode()
    return "\n".join([f"-----BEGIN {label}-----", *wrap(body, 64), f"-----END {label}-----", ""])


def key_pair(planned: Attributes, seed: str) -> Attributes:
    """The computed attributes of `tls_private_key`."""
    algorithm = str(planned.get("algorithm", "RSA"))
    own = {"RSA": "RSA PRIVATE KEY", "ECDSA": "EC PRIVATE KEY"}.get(algorithm, "PRIVATE KEY")
    return {
        **_public(algorithm, seed),
        "private_key_pem": pem(own, seed),
        "private_key_pem_pkcs8": pem("PRIVATE KEY", seed),
        "private_key_openssh": pem("OPENSSH PRIVATE KEY", seed),
    }


def public_key(config: Attributes) -> Attributes:
    """The computed attributes of the data source `tls_public_key`."""
    seed = config.get("private_key_pem") or config.get("private_key_openssh") or ""
    algorithm = "ECDSA" if "EC PRIVATE" in seed else "RSA"
    return {"algorithm": algorithm, **_public(algorithm, seed)}


def _public(algorithm: str, seed: str) -> Attributes:
    body = made_up_bytes(f"{seed}\0public", _BYTES)
    kind = {"RSA": "ssh-rsa", "ED25519": "ssh-ed25519"}.get(algorithm, "ecdsa-sha2-nistp256")
    digest = hashlib.sha256(body)
    pairs = wrap(digest.hexdigest()[:32], 2)
    return {
        "id": digest.hexdigest()[:40],
        "public_key_pem": pem("PUBLIC KEY", seed),
        "public_key_openssh": f"{kind} {base64.b64encode(body).decode()}\n",
        "public_key_fingerprint_md5": ":".join(pairs),
        "public_key_fingerprint_sha256": "SHA256:"
        + base64.b64encode(digest.digest()).decode().rstrip("="),
    }


def certificate(seed: str) -> Attributes:
    """The PEM of a certificate resource."""
    return {"cert_pem": pem("CERTIFICATE", seed)}


def certificates(config: Attributes) -> Attributes:
    """The computed attributes of the data source `tls_certificate`: a chain of one."""
    seed = config.get("url") or config.get("content") or ""
    fingerprint = hashlib.sha256(seed.encode()).hexdigest()[:40]
    one = {
        "cert_pem": pem("CERTIFICATE", seed),
        "is_ca": True,
        "issuer": "CN=offline",
        "not_after": _VALID_UNTIL,
        "not_before": _VALID_FROM,
        "public_key_algorithm": "RSA",
        "serial_number": str(int(fingerprint[:16], 16)),
        "sha1_fingerprint": fingerprint,
        "signature_algorithm": "SHA256-RSA",
        "subject": "CN=offline",
        "version": 3,
    }
    return {"id": fingerprint, "certificates": [one]}
