"""What the utility providers' resources hold after a simulated apply."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from policyscan.planner.utility.clock import NOW, moment, offset, rotating, sleep
from policyscan.planner.utility.files import hashes, resource_content
from policyscan.planner.utility.keys import certificate, key_pair, pem
from policyscan.planner.utility.made_up import made_up_bytes, picked, shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Attributes = dict[str, Any]

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_CLASSES = (
    ("lower", "min_lower", _LOWER),
    ("upper", "min_upper", _LOWER.upper()),
    ("numeric", "min_numeric", "0123456789"),
)
_PETS = ("able", "bold", "calm", "deft", "easy", "fair", "glad", "hardy", "ideal", "jolly")


def _random_string(planned: Attributes, seed: str) -> Attributes:
    length = int(planned["length"])
    special = planned.get("override_special") or _SPECIAL
    classes = [*_CLASSES, ("special", "min_special", special)]
    allowed = [one for one in classes if planned.get(one[0]) is not False]
    least = "".join(
        picked(f"{seed}\0{name}", alphabet, int(planned.get(minimum) or 0))
        for name, minimum, alphabet in allowed
    )
    alphabet = "".join(one for _, _, one in allowed) or _LOWER
    rest = picked(seed, alphabet, max(0, length - len(least)))
    return {"result": "".join(shuffled(seed, least + rest))[:length]}


def _string(planned: Attributes, seed: str) -> Attributes:
    made = _random_string(planned, seed)
    return {**made, "id": made["result"]}


def _password(planned: Attributes, seed: str) -> Attributes:
    digest = picked(f"{seed}\0bcrypt", f"./{_LOWER}", 53)
    return {**_random_string(planned, seed), "id": "none", "bcrypt_hash": f"$2a$10${digest}"}


def _id(planned: Attributes, seed: str) -> Attributes:
    content = made_up_bytes(seed, int(planned["byte_length"]))
    prefix = planned.get("prefix") or ""
    url = base64.urlsafe_b64encode(content).decode().rstrip("=")
    return {
        "id": url,
        "b64_url": prefix + url,
        "b64_std": prefix + base64.b64encode(content).decode(),
        "hex": prefix + content.hex(),
        "dec": f"{prefix}{int.from_bytes(content, 'big')}",
    }


def _bytes(planned: Attributes, seed: str) -> Attributes:
    content = made_up_bytes(seed, int(planned["length"]))
    return {"base64": base64.b64encode(content).decode(), "hex": content.hex()}


def _integer(planned: Attributes, seed: str) -> Attributes:
    least, most = int(planned["min"]), int(planned["max"])
    chosen = least + int.from_bytes(made_up_bytes(seed, 8), "big") % (most - least + 1)
    return {"id": str(chosen), "result": chosen}


def _pet(planned: Attributes, seed: str) -> Attributes:
    words = [
        _PETS[byte % len(_PETS)] for byte in made_up_bytes(seed, int(planned.get("length") or 2))
    ]
    prefix = [planned["prefix"]] if planned.get("prefix") else []
    return {"id": str(planned.get("separator") or "-").join([*prefix, *words])}


def _shuffle(planned: Attributes, seed: str) -> Attributes:
    values = shuffled(seed, planned["input"])
    wanted = planned.get("result_count")
    return {"id": "-", "result": values if wanted is None else values[: int(wanted)]}


def _local_file(planned: Attributes, _seed: str) -> Attributes:
    digests = hashes(resource_content(planned), "content")
    return {**digests, "id": digests["content_sha1"]}


def _certificate(_planned: Attributes, seed: str) -> Attributes:
    return {
        **certificate(seed),
        "id": picked(seed, "0123456789", 39),
        "ready_for_renewal": False,
        "validity_start_time": NOW,
        "validity_end_time": "2999-01-01T00:00:00Z",
        "key_algorithm": "RSA",
        "ca_key_algorithm": "RSA",
    }


def _cert_request(_planned: Attributes, seed: str) -> Attributes:
    return {
        "id": picked(seed, "0123456789abcdef", 40),
        "cert_request_pem": pem("CERTIFICATE REQUEST", seed),
        "key_algorithm": "RSA",
    }


GENERATORS: Mapping[str, Callable[[Attributes, str], Attributes]] = {
    "local_file": _local_file,
    "local_sensitive_file": _local_file,
    "random_bytes": _bytes,
    "random_id": _id,
    "random_integer": _integer,
    "random_password": _password,
    "random_pet": _pet,
    "random_shuffle": _shuffle,
    "random_string": _string,
    "time_offset": offset,
    "time_rotating": rotating,
    "time_sleep": sleep,
    "time_static": moment,
    "tls_cert_request": _cert_request,
    "tls_locally_signed_cert": _certificate,
    "tls_private_key": key_pair,
    "tls_self_signed_cert": _certificate,
}
"""Resource type -> what turns its planned object and a seed into its computed attributes."""
