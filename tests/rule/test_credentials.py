"""What is a credential in plain text, and what only sounds like one."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.plan import Taken, Template
from policyscan.rule import Container, credentials_in
from tests.rule.platforms import Refs, made, platform_of

PLATFORM = platform_of(
    made("random_password.p", result=Refs()),
    made("aws_ssm_parameter.plain", type="String", value=Refs(), name="plain"),
    made("aws_ssm_parameter.secure", type="SecureString", value=Refs(), name="secure"),
    made("aws_db_instance.d", password=Refs(), endpoint=Refs()),
)


def found(name: str, value: Any, *, is_sensitive: bool = False, **more: Any) -> list[str]:
    settings = {"environment": [{"name": name, "value": value}], **more}
    container = Container("app", "x", settings, is_sensitive)
    return [each.why for each in credentials_in(container, PLATFORM.graph)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "x"),
        ("dbpass", "x"),
        ("PASS", "x"),
        ("Passphrase", "x"),
        ("CLIENT_SECRET", "x"),
        ("API_TOKEN", "1"),
        ("apikey", "x"),
        ("PRIVATE_KEY", "-----BEGIN"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("DB_CREDENTIALS", "x"),
        ("ANYTHING", "AKIAIOSFODNN7EXAMPLE"),
        ("ANYTHING", "https://me:x@example.com/"),
        ("CONNECTION_STRING", "Server=a;Pwd=x"),
        ("ANYTHING", Template(("shop:", Taken("random_password.p", "result")))),
        ("ANYTHING", Template((Taken("aws_ssm_parameter.secure", "value"),))),
        ("ANYTHING", Template((Taken("aws_db_instance.d", "password"),))),
        ("URL", Template(("postgres://me:x@", Taken("aws_db_instance.d", "endpoint")))),
    ],
)
def test_a_credential_is_told_by_its_name_its_value_or_where_it_comes_from(
    name: str, value: Any
) -> None:
    assert len(found(name, value)) >= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BYPASS", "x"),
        ("COMPASS", "x"),
        ("MAX_TOKENS", "4096"),
        ("TOKENIZER", "bpe"),
        ("TOKEN_TTL", "60"),
        ("SECRET_NAME", "db"),
        ("SECRET_KEY_ID", "x"),
        ("PASSWORD_FILE", "x"),
        ("PASSWORD", ""),
        ("PASSWORD", "/run/secrets/db"),
        ("PASSWORD", "arn:aws:ssm:us-east-1:123456789012:parameter/db"),
        ("TOKEN", "true"),
        ("TOKEN", "https://example.com/oauth"),
        ("TOKEN", 5),
        ("TOKEN", Template((Taken("terraform_data.x", "output"),))),
        ("CONNECTION_STRING", "Server=a;Integrated Security=true"),
        ("DATABASE_URL", "postgres://me@example.com/shop"),
        ("ANYTHING", "ZAKIAIOSFODNN7EXAMPLE"),
        ("ANYTHING", Template((Taken("aws_ssm_parameter.plain", "value"),))),
        ("ANYTHING", Template((Taken("aws_db_instance.d", "endpoint"),))),
    ],
)
def test_what_only_sounds_like_a_credential_is_none(name: str, value: Any) -> None:
    assert found(name, value) == []


def test_a_key_is_found_anywhere_in_a_container() -> None:
    command = ["run", {"nested": "--key=AKIAIOSFODNN7EXAMPLE"}]
    assert found("NAME", "x", command=command) == [
        "an access key of AWS stands in a container's settings"
    ]


def test_of_sensitive_containers_not_even_a_name_is_said() -> None:
    (why,) = found("DB_PASSWORD", "swordfish", is_sensitive=True)
    assert why == "an environment variable is called as a credential is, and is no reference to one"


def test_settings_of_any_shape_are_looked_at() -> None:
    assert found("X", "x", environment="DB_PASSWORD") == []
    assert found("X", "x", environment=["DB_PASSWORD", None]) == []
