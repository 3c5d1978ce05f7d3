"""The grammar of image references: what ECS and its puller take, and what not."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from policyscan.rule import Image, ImageError, parse_image
from policyscan.rule.image import looks_like_image

HEX = "8f4490c10a5443f111fe453cfa1bfaeee201b09890533bff798795ad4b5bfcce"
DIGEST = f"sha256:{HEX}"
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

VALID = [
    # Without a host it is Docker Hub's; a single name is one of its own library.
    ("nginx", ("docker.io", "library/nginx", "latest", "")),
    ("nginx:1.27", ("docker.io", "library/nginx", "1.27", "")),
    ("team/app", ("docker.io", "team/app", "latest", "")),
    ("registry/app:1", ("docker.io", "registry/app", "1", "")),
    ("a.b:1", ("docker.io", "library/a.b", "1", "")),
    # A first part with a dot, a port, capitals, or localhost, is a host.
    ("registry:5000/app", ("registry:5000", "app", "latest", "")),
    ("localhost/app", ("localhost", "app", "latest", "")),
    ("localhost:5000/app:1", ("localhost:5000", "app", "1", "")),
    ("REGISTRY/app", ("REGISTRY", "app", "latest", "")),
    ("ghcr.io/Team".lower(), ("ghcr.io", "team", "latest", "")),
    ("[2001:db8::1]:5000/app:1", ("[2001:db8::1]:5000", "app", "1", "")),
    ("[::1]/app", ("[::1]", "app", "latest", "")),
    # Separators: one dot, one or two underscores, any number of dashes.
    ("quay.io/a.b/c_d/e__f/g---h:1", ("quay.io", "a.b/c_d/e__f/g---h", "1", "")),
    ("quay.io/0/9:_x", ("quay.io", "0/9", "_x", "")),
    (f"app:{'t' * 128}", ("docker.io", "library/app", "t" * 128, "")),
    ("app:A.b-C_d", ("docker.io", "library/app", "A.b-C_d", "")),
    # A digest wins over the tag beside it, and no tag is made up for one.
    (f"app@{DIGEST}", ("docker.io", "library/app", "", DIGEST)),
    (f"quay.io/app:1@{DIGEST}", ("quay.io", "app", "1", DIGEST)),
    (f"{ECR}/shop/app:1.4.2", (ECR, "shop/app", "1.4.2", "")),
    (f"{ECR}/docker-hub/library/nginx:1", (ECR, "docker-hub/library/nginx", "1", "")),
    # 255 characters are allowed before the digest, which does not count.
    (f"quay.io/{'a' * 247}@{DIGEST}", ("quay.io", "a" * 247, "", DIGEST)),
]

INVALID = [
    ("", "it is empty"),
    ("https://quay.io/app", "it starts with a scheme"),
    ("docker://app", "it starts with a scheme"),
    (f"arn:aws:ecr:us-east-1:123456789012:repository/{'app'}", "it is an ARN"),
    ("Shop:latest", "lower case"),
    ("quay.io/Shop", "lower case"),
    ("a:b:c", "it has two tags"),
    ("quay.io/app:1:2", "it has two tags"),
    ("app:", "is no tag"),
    (":latest", "it names no repository"),
    (f"{ECR}/:latest", "it names no repository"),
    (f"{ECR}/", "it names no repository"),
    (f"{ECR}:latest", "a registry host without a repository"),
    (ECR, "a registry host without a repository"),
    ("nginx:.x", "is no tag"),
    ("nginx:-x", "is no tag"),
    (f"app:{'t' * 129}", "is no tag"),
    ("app ", "it holds a space"),
    (" app", "it holds a space"),
    ("my app", "it holds a space"),
    ("app\n", "it holds a space"),
    ("a\tb", "is no repository name"),
    ("a..b", "is no repository name"),
    ("a___b", "is no repository name"),
    ("-a", "is no repository name"),
    ("a-", "is no repository name"),
    ("quay.io/a//b", "is no repository name"),
    ("quay.io//a", "is no repository name"),
    ("quay.io/a/", "is no repository name"),
    ("-quay.io/a", "is no registry host"),
    ("quay.io:port/a", "is no registry host"),
    ("quay..io/a", "is no registry host"),
    (HEX, "it is a bare image id"),
    (f"app@sha512:{HEX}{HEX}", "its digest is not"),
    (f"app@sha256:{HEX[:-1]}", "its digest is not"),
    (f"app@sha256:{HEX.upper()}", "its digest is not"),
    ("app@", "its digest is not"),
    (f"app@{DIGEST}@{DIGEST}", "its digest is not"),
    (f"quay.io/{'a' * 248}@{DIGEST}", "it has 256 characters, ECS takes 255"),
    (f"quay.io/{'a' * 246}:1", "it has 256 characters, ECS takes 255"),
    ("quay.io/app:${version}", "never filled in"),
    ("quay.io/app:%{ if x }1%{ endif }", "it holds a space"),
    ("quay.io/%{x}/app", "never filled in"),
    ("quay.io/<team>/app", "never filled in"),
    ("TODO", "never filled in"),
    ("REPLACE_ME", "never filled in"),
]


@pytest.mark.parametrize(("text", "parts"), VALID, ids=[text[:40] for text, _ in VALID])
def test_a_valid_reference_is_taken_apart(text: str, parts: tuple[str, str, str, str]) -> None:
    assert parse_image(text) == Image(text, *parts)


@pytest.mark.parametrize(("text", "why"), INVALID, ids=[text[:40] for text, _ in INVALID])
def test_an_invalid_reference_is_refused_saying_why(text: str, why: str) -> None:
    with pytest.raises(ImageError) as refused:
        parse_image(text)
    assert why in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("host", "account", "region"),
    [
        (ECR, "123456789012", "us-east-1"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "123456789012", "us-gov-west-1"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "123456789012", "cn-north-1"),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", "123456789012", "eu-west-1"),
        ("12345678901.dkr.ecr.us-east-1.amazonaws.com", "", ""),
        ("123456789012.dkr.ecr.us-east-1.example.com", "", ""),
        ("public.ecr.aws", "", ""),
    ],
)
def test_a_private_ecr_host_tells_account_and_region(host: str, account: str, region: str) -> None:
    image = parse_image(f"{host}/app:1")
    assert (image.account, image.region) == (account, region)
    assert image.is_private_ecr is bool(account)


@pytest.mark.parametrize(
    ("text", "is_public"),
    [
        ("public.ecr.aws/nginx/nginx", True),
        ("ecr-public.aws.com/nginx/nginx", True),
        (f"{ECR}/nginx", False),
        ("nginx", False),
    ],
)
def test_ecr_public_is_told_from_other_registries(text: str, *, is_public: bool) -> None:
    assert parse_image(text).is_public_ecr is is_public


@pytest.mark.parametrize(
    ("text", "is_likely"),
    [
        ("nginx:1.27", True),
        ("quay.io/app", True),
        (f"app@{DIGEST}", True),
        ("nginx", False),  # any word would do
        ("us-east-1", False),
        ("1.4.2", False),
        ("1:2", False),  # a ratio
        ("https://quay.io/app", False),
    ],
)
def test_a_text_is_likely_an_image_only_with_tag_digest_or_host(
    text: str, *, is_likely: bool
) -> None:
    assert looks_like_image(text) is is_likely


PUNCTUATED = st.text(alphabet="aZ09./:@-_[]<>$%{} \n" + HEX[:4], max_size=80)


@given(st.one_of(st.text(), PUNCTUATED, PUNCTUATED.map(lambda text: f"a@{DIGEST}{text}")))
@example("\x00")
@example("[")
def test_parsing_raises_nothing_but_image_error(text: str) -> None:
    try:
        image = parse_image(text)
    except ImageError as problem:
        assert len(str(problem).splitlines()) == 1  # noqa: PT017 - it may not be raised at all
        return
    assert image.text == text
    assert image.repository
    assert image.tag or image.digest


LABELS = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.one_of(
    st.just("localhost"),
    st.builds("{}.{}".format, LABELS, LABELS),
    st.builds("{}:{}".format, LABELS, st.integers(1, 65535)),
)
COMPONENTS = st.from_regex(r"[a-z0-9]+(?:(?:\.|_|__|-{1,3})[a-z0-9]+){0,2}", fullmatch=True)
PATHS = st.lists(COMPONENTS, min_size=1, max_size=4).map("/".join)
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True)
DIGESTS = st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True)


@given(HOSTS, PATHS, st.none() | TAGS, st.none() | DIGESTS)
def test_a_rendered_reference_parses_to_its_parts(
    host: str, path: str, tag: str | None, digest: str | None
) -> None:
    name = f"{host}/{path}" + (f":{tag}" if tag else "")
    text = name + (f"@{digest}" if digest else "")
    assume(len(name) <= 255)
    assume("TODO" not in text)
    assume("REPLACE_ME" not in text)
    default = "" if digest else "latest"
    assert parse_image(text) == Image(text, host, path, tag or default, digest or "")
