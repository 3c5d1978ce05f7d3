"""The schema tables of the offline provider: loader, hints, templates and extraction."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from policyscan.errors import PlannerError
from policyscan.planner.schema import (
    GROUPS,
    PROVIDERS,
    Attribute,
    Block,
    Coverage,
    NestedBlock,
    ProviderSchema,
    TypeHints,
    coverage,
    is_schema_only,
    load_hints,
    load_schema,
)
from policyscan.planner.schema.bodies import ALL_SAID, Unsaid
from policyscan.planner.schema.extract import encode, encode_by_service, extract
from policyscan.planner.schema.hints import read_folder
from policyscan.planner.schema.older import complete
from policyscan.planner.schema.template import FILTERS, MADE_UP, PLACEHOLDER, render
from policyscan.planner.schema.waf import restore_statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AWS = "registry.terraform.io/hashicorp/aws"
ARN = re.compile(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(123456789012)?:\S+")


def aws(*types: str) -> ProviderSchema:
    return load_schema(AWS, frozenset(types))


def paths(block: Block, prefix: str = "") -> Iterator[tuple[str, Attribute | NestedBlock]]:
    for name, attribute in block.attributes.items():
        yield prefix + name, attribute
    for name, nested in block.block_types.items():
        yield prefix + name, nested
        yield from paths(nested.block, f"{prefix}{name}.")


def document(provider: str) -> dict[str, Any]:
    """The stored schema as one document, whatever it is stored as."""
    content = files("policyscan.planner.schema").joinpath(PROVIDERS[provider]).read_bytes()
    loaded: dict[str, Any] = (
        joined(content) if PROVIDERS[provider].endswith(".zip") else json.loads(content)
    )
    return loaded


def joined(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        whole: dict[str, Any] = json.loads(archive.read("provider.json"))
        ((address, provider),) = whole["provider_schemas"].items()
        provider.update({group: {} for group in GROUPS})
        for name in archive.namelist():
            for group, schemas in json.loads(archive.read(name))["provider_schemas"][
                address
            ].items():
                if group in GROUPS:
                    provider[group].update(schemas)
    return whole


def rows_with_schemas(provider: str) -> Iterator[tuple[str, TypeHints, dict[str, Any]]]:
    hints = load_hints(provider)
    schema = load_schema(provider, frozenset(name.removeprefix("data.") for name in hints))
    for name, row in hints.items():
        if name != "*":
            held = schema.data_sources if name.startswith("data.") else schema.resources
            yield name, row, dict(paths(held[name.removeprefix("data.")]))


@pytest.fixture(scope="module", params=sorted(PROVIDERS))
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# The loader


def test_only_the_types_asked_for_are_loaded_and_a_type_may_be_resource_and_data_source() -> None:
    schema = aws("aws_vpc", "aws_iam_policy_document", "aws_no_such_type")

    assert list(schema.resources) == ["aws_vpc"]
    assert list(schema.data_sources) == ["aws_iam_policy_document", "aws_vpc"]


def test_the_schema_names_its_address_and_the_version_of_the_provider() -> None:
    schema = aws()

    assert (schema.address, schema.version) == (AWS, "6.66.0")


def test_a_provider_without_a_kept_schema_is_refused_by_name() -> None:
    with pytest.raises(PlannerError, match=r"^provider registry\.example/acme/cloud: no offline "):
        load_schema("registry.example/acme/cloud", frozenset())


def test_every_provider_has_a_provider_block_and_a_provenance(provider: str) -> None:
    provenance = document(provider)["provenance"]

    assert load_schema(provider, frozenset()).version == provenance["provider_version"]
    assert provenance["licence"] in {"Apache-2.0", "MPL-2.0"}


def test_the_aws_schema_holds_every_type_of_the_provider() -> None:
    schemas = document(AWS)["provider_schemas"][AWS]

    assert len(schemas["resource_schemas"]) == 1725
    assert len(schemas["data_source_schemas"]) == 683


def test_the_holes_of_the_aws_schema_are_the_ones_its_provenance_admits() -> None:
    names = frozenset(document(AWS)["provider_schemas"][AWS]["resource_schemas"])
    dynamic = [
        f"{name}.{path}"
        for name, block in aws(*names).resources.items()
        for path, found in paths(block)
        if isinstance(found, Attribute) and found.type == "dynamic"
    ]

    holes = [path for path in document(AWS)["provenance"]["holes"] if path[:5] != "data."]
    assert holes == sorted(dynamic)


# Known facts of the AWS schema


def test_the_provider_block_takes_region_credentials_tags_and_skip_flags() -> None:
    block = aws().provider

    assert block.attributes["region"] == Attribute("string", optional=True)
    assert {
        "access_key",
        "profile",
        "secret_key",
        "skip_credentials_validation",
        "skip_metadata_api_check",
        "skip_region_validation",
        "skip_requesting_account_id",
    } <= block.attributes.keys()
    assert "alias" not in block.attributes
    tags = block.block_types["default_tags"]
    assert tags.nesting == "list"
    assert tags.block.attributes["tags"] == Attribute(["map", "string"], optional=True)
    assert {"assume_role", "endpoints", "ignore_tags"} <= block.block_types.keys()


def test_attributes_say_whether_they_are_required_optional_or_computed() -> None:
    attributes = aws("aws_vpc", "aws_subnet").resources["aws_subnet"].attributes

    assert attributes["vpc_id"] == Attribute("string", required=True)
    assert attributes["cidr_block"] == Attribute("string", optional=True, computed=True)
    assert attributes["arn"] == Attribute("string", computed=True)
    assert attributes["map_public_ip_on_launch"] == Attribute("bool", optional=True)


def test_security_group_rules_are_an_attribute_of_objects_and_not_blocks() -> None:
    group = aws("aws_security_group").resources["aws_security_group"]

    nesting, (kind, members) = group.attributes["ingress"].type
    assert (nesting, kind) == ("set", "object")
    assert members["from_port"] == "number"
    assert members["security_groups"] == ["set", "string"]
    assert list(group.block_types) == ["timeouts"]


def test_blocks_say_how_they_nest_and_how_many_they_may_be() -> None:
    blocks = aws("aws_ecs_service").resources["aws_ecs_service"].block_types

    nesting = {name: (found.nesting, found.max_items) for name, found in blocks.items()}
    assert nesting["load_balancer"] == ("set", 0)
    assert nesting["network_configuration"] == ("list", 1)
    assert nesting["ordered_placement_strategy"] == ("list", 5)
    assert nesting["timeouts"] == ("single", 0)


def test_a_required_block_must_stand_once() -> None:
    rule = aws("aws_lb_listener").resources["aws_lb_listener"]

    assert rule.block_types["default_action"].min_items == 1


@pytest.mark.parametrize("name", ["aws_wafv2_web_acl", "aws_wafv2_rule_group"])
def test_web_acl_statements_nest_three_levels_deep(name: str) -> None:
    block = aws(name).resources[name].block_types["rule"].block

    for logical in ("and_statement", "not_statement", "or_statement"):
        block = block.block_types["statement"].block.block_types[logical].block
    inner = block.block_types["statement"].block
    assert "and_statement" not in inner.block_types
    assert "rate_based_statement" not in inner.block_types
    match = inner.block_types["byte_match_statement"].block
    assert match.attributes["search_string"].required
    assert match.block_types["text_transformation"].nesting == "set"


def test_a_web_acl_may_leave_the_aggregate_key_of_a_rate_to_its_default() -> None:
    rule = aws("aws_wafv2_web_acl").resources["aws_wafv2_web_acl"].block_types["rule"].block
    rate = rule.block_types["statement"].block.block_types["rate_based_statement"].block

    assert rate.attributes["aggregate_key_type"].optional
    assert "custom_key" in rate.block_types


def test_a_password_is_sensitive_and_its_write_only_twin_is_write_only() -> None:
    database = aws("aws_db_instance").resources["aws_db_instance"].attributes

    assert database["password"].sensitive
    assert not database["password"].write_only
    assert database["password_wo"].write_only
    assert not database["username"].sensitive


def test_sensitive_is_marked_inside_blocks_and_in_data_sources() -> None:
    schema = aws("aws_lb_listener", "aws_ssm_parameter")

    action = schema.resources["aws_lb_listener"].block_types["default_action"].block
    oidc = action.block_types["authenticate_oidc"].block
    assert oidc.attributes["client_secret"].sensitive
    assert not oidc.attributes["client_id"].sensitive
    assert schema.data_sources["aws_ssm_parameter"].attributes["value"].sensitive


# Hints


def test_every_row_of_hints_names_its_source(provider: str) -> None:
    assert [name for name, row in load_hints(provider).items() if not row.source] == []


def test_hints_refer_only_to_paths_of_the_schema(provider: str) -> None:
    common = load_hints(provider)["*"]
    dangling = [
        f"{name}: {path}"
        for name, row, known in rows_with_schemas(provider)
        for path in (
            *row.defaults,
            *row.force_new,
            *row.computed_blocks,
            *row.sensitive,
            *row.write_only,
            *row.applied,
            *row.normalised,
        )
        if path not in known and path not in {*common.force_new, *common.applied}
    ]

    assert dangling == []


def test_defaults_stand_for_optional_attributes_of_their_type(provider: str) -> None:
    kinds = {"string": str, "bool": bool, "number": int}
    wrong = [
        f"{name}: {path}"
        for name, row, known in rows_with_schemas(provider)
        for path, value in row.defaults.items()
        if not isinstance(known[path], Attribute)
        or not known[path].optional
        or type(value) is not kinds.get(str(known[path].type), list)
    ]

    assert wrong == []


def test_only_what_is_computed_gets_a_value_after_apply(provider: str) -> None:
    wrong = [
        f"{name}: {path}"
        for name, row, known in rows_with_schemas(provider)
        for path in row.applied
        if isinstance(known.get(path), Attribute) and not known[path].computed
    ]

    assert wrong == []


def test_computed_blocks_are_blocks(provider: str) -> None:
    wrong = [
        f"{name}: {path}"
        for name, row, known in rows_with_schemas(provider)
        for path in row.computed_blocks
        if not isinstance(known[path], NestedBlock)
    ]

    assert wrong == []


def test_templates_name_attributes_of_their_type_or_made_up_values(provider: str) -> None:
    wrong = [
        f"{name}: {placeholder[0]}"
        for name, row, known in rows_with_schemas(provider)
        for placeholder in PLACEHOLDER.finditer(json.dumps(row.applied))
        if placeholder["name"] not in {"account", "partition", "region", *known}
        and not MADE_UP.fullmatch(placeholder["name"])
    ]

    assert wrong == []


def test_what_is_decided_and_what_is_not_are_arguments_of_their_type(provider: str) -> None:
    wrong = [
        f"{name}: {path}"
        for name, row, known in rows_with_schemas(provider)
        for path in (*row.decided, *row.undecided)
        if path != "*" and path not in known
    ]

    assert wrong == []


def test_a_row_reaches_as_far_as_its_arguments_are_decided() -> None:
    hints = load_hints(AWS)

    assert coverage(hints, "aws_ecs_service") is Coverage.FULL
    assert coverage(hints, "aws_vpc") is Coverage.FULL
    assert hints["aws_amplify_branch"].undecided == ("enable_skew_protection",)
    assert coverage(hints, "aws_amplify_branch") is Coverage.PARTIAL
    assert coverage(hints, "aws_quicksight_analysis") is Coverage.SCHEMA_ONLY
    assert coverage(hints, "aws_no_such_type") is Coverage.SCHEMA_ONLY


def test_the_documentation_counts_the_types_of_each_level() -> None:
    hints, types = load_hints(AWS), document(AWS)["provider_schemas"][AWS]["resource_schemas"]
    counted = Counter(str(coverage(hints, name)) for name in types)

    page = (Path(__file__).parents[2] / "docs" / "offline.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (full|partial|schema only) \| .* \| ([\d,]+) \|$", page, re.MULTILINE)
    assert {level: int(number.replace(",", "")) for level, number in told} == counted


def test_of_a_type_newer_than_the_probe_and_of_a_foreign_provider_only_the_schema_is_known() -> (
    None
):
    assert is_schema_only(AWS, "aws_workmail_group")
    assert not is_schema_only(AWS, "aws_ecs_daemon")
    assert not is_schema_only("registry.terraform.io/hashicorp/random", "random_password")
    assert is_schema_only("registry.terraform.io/acme/cloud", "acme_thing")


def test_of_every_type_of_a_small_provider_everything_is_known_or_the_schema(
    provider: str,
) -> None:
    if provider != AWS:
        hints, schema = load_hints(provider), load_schema(provider)
        levels = {name: coverage(hints, name) for name in schema.resources}
        small = ("archive", "local", "null", "random", "time", "tls")
        is_small = provider.endswith(tuple(f"/hashicorp/{name}" for name in small))
        expected = Coverage.FULL if is_small else Coverage.SCHEMA_ONLY
        assert levels == dict.fromkeys(levels, expected)


def test_facts_newer_than_the_probe_are_laid_over_the_row_of_their_type() -> None:
    row = load_hints(AWS)["aws_lambda_function"]

    assert row.defaults["memory_size"] == 128
    assert row.defaults["durable_config.retention_period"] == 14
    assert "lambda/function.go" in row.source
    daemon = aws("aws_ecs_daemon").resources["aws_ecs_daemon"].attributes
    assert daemon["propagate_tags"].write_only
    assert not daemon["name"].write_only


def test_every_arn_made_up_is_well_formed() -> None:
    made_up = {
        f"{name}.{path}": render(
            template,
            seed=name,
            attributes=arguments(known),
            region="eu-west-1",
            templates=row.applied,
        )
        for name, row, known in rows_with_schemas(AWS)
        for path, template in row.applied.items()
        if path == "arn"
    }

    assert len(made_up) > 850
    assert {path: arn for path, arn in made_up.items() if not ARN.fullmatch(str(arn))} == {}


def arguments(known: Mapping[str, Attribute | NestedBlock]) -> dict[str, Any]:
    """An instance whose required strings are known; an ARN where one is wanted."""
    return {
        path: f"arn:aws:x:eu-west-1:123456789012:{path}/x"
        if path.endswith(("_arn", "_id"))
        else "/x"
        for path, found in known.items()
        if isinstance(found, Attribute) and (found.required or path in {"path", "value"})
    } | {"name": "x", "bucket": "x", "load_balancer_type": "network"}


@pytest.mark.parametrize(
    ("name", "attribute", "expected"),
    [
        ("aws_vpc", "id", r"vpc-[0-9a-f]{17}"),
        (
            "aws_ecr_repository",
            "repository_url",
            r"123456789012\.dkr\.ecr\.eu-west-1\.amazonaws\.com/x",
        ),
        ("aws_ecs_service", "arn", r"arn:aws:ecs:eu-west-1:123456789012:service/default/x"),
        ("aws_lb", "arn_suffix", r"net/x/[0-9a-f]{16}"),
        (
            "aws_lb",
            "id",
            r"arn:aws:elasticloadbalancing:eu-west-1:\d{12}:loadbalancer/net/x/[0-9a-f]{16}",
        ),
        ("aws_eip", "public_ip", r"198\.18\.\d+\.\d+"),
        ("aws_iam_role", "unique_id", r"AROA[A-Z2-7]{17}"),
    ],
)
def test_made_up_values_look_like_those_of_aws(name: str, attribute: str, expected: str) -> None:
    row = load_hints(AWS)[name]

    value = render(
        row.applied[attribute],
        seed="module.a.b",
        attributes={"name": "x", "path": "/", "load_balancer_type": "network"},
        region="eu-west-1",
        templates=row.applied,
    )
    assert re.fullmatch(expected, value)


def test_an_optional_reference_left_out_is_never_invented() -> None:
    hints = load_hints(AWS)

    assert hints["aws_route"].applied["network_interface_id"] == ""
    assert "vpc_id" not in hints["aws_security_group"].applied
    assert "availability_zone" not in hints["aws_subnet"].applied


def test_a_change_of_region_replaces_every_type() -> None:
    hints = load_hints(AWS)

    types = [name for name in hints if not name.startswith("data.")]
    assert [name for name in types if "region" not in hints[name].force_new] == []


def test_facts_a_plan_by_the_real_provider_showed() -> None:
    hints = load_hints(AWS)

    assert hints["aws_service_discovery_service"].defaults["force_destroy"] is False
    assert hints["aws_appautoscaling_target"].computed_blocks == ("suspended_state",)
    assert "target_failover" in hints["aws_lb_target_group"].computed_blocks
    assert "mutual_authentication" in hints["aws_lb_listener"].computed_blocks
    assert hints["aws_iam_role_policy"].normalised == {"policy": "iam_policy"}
    assert "availability_zone_rebalancing" not in hints["aws_ecs_service"].defaults
    assert hints["aws_alb"] == hints["aws_lb"]


def test_a_provider_without_hints_has_the_row_of_every_type_alone() -> None:
    assert list(load_hints("registry.terraform.io/acme/cloud")) == ["*"]


def test_a_misspelt_field_of_a_row_is_refused_with_file_and_row(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("aws_vpc: {source: here, forcenew: [cidr_block]}\n")

    with pytest.raises(PlannerError, match=r"x\.yaml: .*forcenew.*\[\.\.\.\].*mend the row"):
        read_folder(tmp_path)


def test_an_unknown_filter_in_a_template_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"aws_vpc": {"source": "x", "applied": {"id": "{a|upper}"}}}')

    with pytest.raises(PlannerError, match=re.escape("{a|upper}: a filter is one of after")):
        read_folder(tmp_path)


def test_a_type_in_two_tables_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("aws_vpc: {source: here}\n")
    (tmp_path / "b.yaml").write_text("aws_vpc: {source: there}\n")

    with pytest.raises(PlannerError, match=r"b\.yaml: aws_vpc stands in another table too"):
        read_folder(tmp_path)


# Templates


def rendered(template: Any, seed: str = "aws_vpc.a", **attributes: Any) -> Any:
    templates = {"id": "vpc-{hex17}", "name": "{name_prefix|or:terraform-}{digit26}"}
    return render(
        template, seed=seed, attributes=attributes, region="eu-west-1", templates=templates
    )


def test_a_made_up_value_is_the_same_for_one_instance_and_another_for_the_next() -> None:
    assert rendered("{hex17}/{id}") == f"{rendered('{hex17}')}/vpc-{rendered('{hex17}')}"
    assert rendered("{hex17}") != rendered("{hex17}", seed="aws_vpc.b")


def test_an_attribute_wins_over_its_template() -> None:
    assert rendered("{id}", id="vpc-1") == "vpc-1"
    assert re.fullmatch(r"vpc-[0-9a-f]{17}", rendered("{id}", id=None))


def test_a_region_of_the_instance_wins_over_the_one_of_the_provider() -> None:
    assert rendered("{region}") == "eu-west-1"
    assert rendered("{region}", region="us-east-1") == "us-east-1"
    assert rendered("{region}", region=object()) == "eu-west-1"


def test_a_template_around_a_null_is_null() -> None:
    assert rendered("arn:{kms_key_id}", kms_key_id=None) is None


def test_templates_are_filled_in_lists_and_maps_and_other_values_stay() -> None:
    assert rendered([{"a": "{account}", "b": 1}, None]) == [{"a": "123456789012", "b": 1}, None]


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("{v|last}", "arn:aws:ecs:eu-west-1:1:cluster/blue", "blue"),
        ("{v|last}", "blue", "blue"),
        ("{v|after:listener/}", "arn:x:listener/app/y", "app/y"),
        ("{v|first:3}", "application", "app"),
        ("{v|without:/}", "/a/b", "a/b"),
        ("{v|or:web-}", None, "web-"),
        ("{v|or:web-}", "db-", "db-"),
    ],
)
def test_filters_cut_a_value(template: str, value: str | None, expected: str) -> None:
    assert rendered(template, v=value) == expected


def test_every_filter_is_documented() -> None:
    import policyscan.planner.schema.template as module  # noqa: PLC0415  # its docstring is tested

    assert [name for name in FILTERS if f"|{name}" not in str(module.__doc__)] == []


# Extraction

SAMPLE = """
function shelfBookToHclTerraform(struct) {
    const attrs = {
        title: {
            value: struct.title === undefined ? null : cdktn.stringToHclTerraform(struct.title),
            isBlock: false,
            type: "simple",
            storageClassType: "string",
        },
        copy: {
            value: struct.copy === undefined ? null : cdktn.listMapperHcl(shelfBookCopyToHclTerraform, true)(struct.copy),
            isBlock: true,
            type: "list",
            storageClassType: "ShelfBookCopyList",
        },
    };
}
function shelfBookCopyToHclTerraform(struct) {
    const attrs = {
        book: {
            value: struct.book === undefined ? null : (0, structs0_1.shelfBookToHclTerraform)(struct.book),
            isBlock: true,
            type: "list",
            storageClassType: "ShelfBookList",
        },
    };
}
function shelfTagToHclTerraform(struct) {
    const attrs = {
        key: {
            value: struct.key === undefined ? null : cdktn.stringToHclTerraform(struct.key),
            isBlock: false,
            type: "simple",
            storageClassType: "string",
        },
    };
}
function shelfSizeToHclTerraform(struct) {
    const attrs = {
        width: {
            value: struct.width === undefined ? null : cdktn.numberToHclTerraform(struct.width),
            isBlock: false,
            type: "simple",
            storageClassType: "number",
        },
    };
}
function shelfTimeoutsToHclTerraform(struct) {
    const attrs = {
        create: {
            value: struct.create === undefined ? null : cdktn.stringToHclTerraform(struct.create),
            isBlock: false,
            type: "simple",
            storageClassType: "string",
        },
    };
}
class ShelfBookOutputReference extends cdktn.ComplexObject {
    // title - computed: false, optional: false, required: true
    _title;
    get title() {
        return this.getStringAttribute('title');
    }
    // copy - computed: false, optional: true, required: false
    _copy = new ShelfBookCopyList(this, "copy", false);
    get copy() {
        return this._copy;
    }
}
class ShelfBookList extends cdktn.ComplexList {
    get(index) {
        return new ShelfBookOutputReference(this.terraformResource, index);
    }
}
class ShelfBookCopyOutputReference extends cdktn.ComplexObject {
    // book - computed: false, optional: true, required: false
    _book = new structs0_1.ShelfBookList(this, "book", false);
    get book() {
        return this._book;
    }
}
class ShelfBookCopyList extends cdktn.ComplexList {
}
class ShelfTagOutputReference extends cdktn.ComplexObject {
    // key - computed: true, optional: true, required: false
    _key;
    get key() {
        return this.getStringAttribute('key');
    }
}
class ShelfTagList extends cdktn.ComplexList {
}
class ShelfOwnerOutputReference extends cdktn.ComplexObject {
    // age - computed: true, optional: false, required: false
    get age() {
        return this.getNumberAttribute('age');
    }
}
class ShelfOwnerList extends cdktn.ComplexList {
}
class ShelfSizeOutputReference extends cdktn.ComplexObject {
    // width - computed: true, optional: true, required: false
    _width;
    get width() {
        return this.getNumberAttribute('width');
    }
}
class ShelfSizeList extends cdktn.ComplexList {
}
class ShelfTimeoutsOutputReference extends cdktn.ComplexObject {
    // create - computed: false, optional: true, required: false
    _create;
    get create() {
        return this.getStringAttribute('create');
    }
}
class Shelf extends cdktn.TerraformResource {
    constructor(scope, id, config = {}) {
        super(scope, id, {
            terraformResourceType: 'acme_shelf',
        });
    }
    // ==========
    // ATTRIBUTES
    // ==========
    // colours - computed: false, optional: true, required: false
    _colours;
    get colours() {
        return cdktn.Fn.tolist(this.getListAttribute('colours'));
    }
    // floors - computed: false, optional: true, required: false
    _floors;
    get floors() {
        return this.interpolationForAttribute('floors');
    }
    // id - computed: true, optional: true, required: false
    _id;
    get id() {
        return this.getStringAttribute('id');
    }
    // owners - computed: true, optional: false, required: false
    _owners = new ShelfOwnerList(this, "owners", true);
    get owners() {
        return this._owners;
    }
    // code_wo - computed: false, optional: true, required: false
    _codeWo;
    get codeWo() {
        return this.getStringAttribute('code_wo');
    }
    // tag - computed: true, optional: true, required: false
    _tag = new ShelfTagList(this, "tag", true);
    get tag() {
        return this._tag;
    }
    // book - computed: false, optional: false, required: true
    _book = new ShelfBookList(this, "book", false);
    get book() {
        return this._book;
    }
    // size - computed: true, optional: true, required: false
    _size = new ShelfSizeOutputReference(this, "size");
    get size() {
        return this._size;
    }
    // lamp - computed: false, optional: true, required: false
    _lamp = new ShelfSizeOutputReference(this, "lamp");
    get lamp() {
        return this._lamp;
    }
    // box - computed: false, optional: true, required: false
    _box = new ShelfSizeList(this, "box", true);
    get box() {
        return this._box;
    }
    // timeouts - computed: false, optional: true, required: false
    _timeouts = new ShelfTimeoutsOutputReference(this, "timeouts");
    get timeouts() {
        return this._timeouts;
    }
    // =========
    // SYNTHESIS
    // =========
    synthesizeHclAttributes() {
        const attrs = {
            colours: {
                value: cdktn.listMapperHcl(cdktn.stringToHclTerraform, false)(this._colours),
                isBlock: false,
                type: "set",
                storageClassType: "stringList",
            },
            floors: {
                value: cdktn.hashMapperHcl(cdktn.listMapperHcl(cdktn.numberToHclTerraform, false))(this._floors),
                isBlock: false,
                type: "map",
                storageClassType: "numberListMap",
            },
            id: {
                value: cdktn.stringToHclTerraform(this._id),
                isBlock: false,
                type: "simple",
                storageClassType: "string",
            },
            tag: {
                value: cdktn.listMapperHcl(shelfTagToHclTerraform, false)(this._tag.internalValue),
                isBlock: true,
                type: "set",
                storageClassType: "ShelfTagList",
            },
            book: {
                value: cdktn.listMapperHcl(shelfBookToHclTerraform, true)(this._book.internalValue),
                isBlock: true,
                type: "list",
                storageClassType: "ShelfBookList",
            },
            size: {
                value: shelfSizeToHclTerraform(this._size.internalValue),
                isBlock: true,
                type: "struct",
                storageClassType: "ShelfSize",
            },
            lamp: {
                value: shelfSizeToHclTerraform(this._lamp.internalValue),
                isBlock: true,
                type: "list",
                storageClassType: "ShelfSizeList",
            },
            box: {
                value: cdktn.listMapperHcl(shelfSizeToHclTerraform, true)(this._box.internalValue),
                isBlock: true,
                type: "set",
                storageClassType: "ShelfSizeList",
            },
            timeouts: {
                value: shelfTimeoutsToHclTerraform(this._timeouts.internalValue),
                isBlock: true,
                type: "struct",
                storageClassType: "ShelfTimeouts",
            },
        };
    }
}
//# sourceMappingURL=data:application/json;base64,eyJ9
"""  # noqa: E501  # as wide as the generator writes it

PROVIDER = """
function acmeProviderKeyToHclTerraform(struct) {
    const attrs = {
        path: {
            value: struct.path === undefined ? null : cdktn.stringToHclTerraform(struct.path),
            isBlock: false,
            type: "simple",
            storageClassType: "string",
        },
    };
}
class AcmeProvider extends cdktn.TerraformProvider {
    constructor(scope, id, config = {}) {
        super(scope, id, {
            terraformGeneratorMetadata: {
                providerVersion: '1.2.3',
            },
            terraformProviderSource: 'example/acme'
        });
    }
    synthesizeHclAttributes() {
        const attrs = {
            alias: {
                value: cdktn.stringToHclTerraform(this._alias),
                isBlock: false,
                type: "simple",
                storageClassType: "string",
            },
            door: {
                value: cdktn.numberToHclTerraform(this._door),
                isBlock: false,
                type: "simple",
                storageClassType: "number",
            },
            key: {
                value: acmeProviderKeyToHclTerraform(this._key),
                isBlock: true,
                type: "list",
                storageClassType: "AcmeProviderKey",
            },
        };
    }
}
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    manifest = {"name": "@example/provider-acme", "version": "4.5.6", "license": "MPL-2.0"}
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    for folder, source in (("shelf", SAMPLE), ("provider", PROVIDER)):
        (tmp_path / "lib" / folder).mkdir(parents=True)
        (tmp_path / "lib" / folder / "index.js").write_text(source)
    return tmp_path


def test_extraction_names_package_version_and_licence(package: Path) -> None:
    assert extract(package)["provenance"] == {
        "holes": [],
        "licence": "MPL-2.0",
        "package": "@example/provider-acme",
        "package_version": "4.5.6",
        "provider_version": "1.2.3",
    }


def test_extraction_takes_the_provider_block_from_its_arguments(package: Path) -> None:
    schema = extract(package)["provider_schemas"]["registry.terraform.io/example/acme"]

    assert schema["provider"]["block"] == {
        "attributes": {"door": {"optional": True, "type": "number"}},
        "block_types": {
            "key": {
                "block": {"attributes": {"path": {"optional": True, "type": "string"}}},
                "max_items": 1,
                "nesting_mode": "list",
            }
        },
    }


def test_extraction_tells_blocks_from_attributes_of_objects(package: Path) -> None:
    schema = extract(package)["provider_schemas"]["registry.terraform.io/example/acme"]
    size = {
        "attributes": {"width": {"computed": True, "optional": True, "type": "number"}},
    }

    assert schema["resource_schemas"]["acme_shelf"]["block"] == {
        "attributes": {
            "code_wo": {
                "optional": True,
                "sensitive": True,
                "type": "string",
                "write_only": True,
            },
            "colours": {"optional": True, "type": ["set", "string"]},
            "floors": {"optional": True, "type": ["map", ["list", "number"]]},
            "id": {"computed": True, "optional": True, "type": "string"},
            "owners": {"computed": True, "type": ["set", ["object", {"age": "number"}]]},
            "size": {
                "computed": True,
                "optional": True,
                "type": ["object", {"width": "number"}],
            },
            "tag": {
                "computed": True,
                "optional": True,
                "type": ["set", ["object", {"key": "string"}]],
            },
        },
        "block_types": {
            "book": {
                "block": {
                    "attributes": {"title": {"required": True, "type": "string"}},
                    "block_types": {"copy": {"block": {}, "nesting_mode": "list"}},
                },
                "min_items": 1,
                "nesting_mode": "list",
            },
            "box": {"block": size, "nesting_mode": "set"},
            "lamp": {"block": size, "max_items": 1, "nesting_mode": "list"},
            "timeouts": {
                "block": {"attributes": {"create": {"optional": True, "type": "string"}}},
                "nesting_mode": "single",
            },
        },
    }


def shelf(package: Path, unsaid: Unsaid = ALL_SAID) -> Any:
    schema = extract(package, unsaid=unsaid)["provider_schemas"][
        "registry.terraform.io/example/acme"
    ]
    return schema["resource_schemas"]["acme_shelf"]["block"]


def test_one_object_that_cannot_be_computed_is_a_block_unless_it_is_said_not_to_be(
    package: Path,
) -> None:
    source = package / "lib" / "shelf" / "index.js"
    source.write_text(SAMPLE.replace("// size - computed: true", "// size - computed: false"))
    size = {"attributes": {"width": {"computed": True, "optional": True, "type": "number"}}}

    assert shelf(package)["block_types"]["size"] == {"block": size, "nesting_mode": "single"}
    assert shelf(package, Unsaid(attributes=frozenset({"acme_shelf.size"})))["attributes"][
        "size"
    ] == {"optional": True, "type": ["object", {"width": "number"}]}


def test_attributes_of_protocol_6_hold_attributes(package: Path) -> None:
    attributes = shelf(package, Unsaid(nested=True))["attributes"]
    width = {"width": {"computed": True, "optional": True, "type": "number"}}
    key = {"key": {"computed": True, "optional": True, "type": "string"}}

    assert attributes["size"] == {
        "computed": True,
        "nested_type": {"attributes": width, "nesting_mode": "single"},
        "optional": True,
    }
    assert attributes["tag"]["nested_type"] == {"attributes": key, "nesting_mode": "set"}
    assert attributes["owners"] == {
        "computed": True,
        "type": ["set", ["object", {"age": "number"}]],
    }


def test_extraction_takes_ephemeral_resources(package: Path) -> None:
    source = package / "lib" / "shelf" / "index.js"
    source.write_text(SAMPLE.replace("TerraformResource {", "TerraformEphemeralResource {"))
    schema = extract(package)["provider_schemas"]["registry.terraform.io/example/acme"]

    assert schema["ephemeral_resource_schemas"].keys() == {"acme_shelf"}
    assert schema["resource_schemas"] == {}


@pytest.mark.parametrize(
    ("name", "is_set", "expected"),
    [
        ("StringMap", "", ["map", "string"]),
        ("StringListMap", "", ["map", ["list", "string"]]),
        ("NumberMapList", ", false", ["list", ["map", "number"]]),
        ("StringListList", ", true", ["set", ["list", "string"]]),
    ],
)
def test_extraction_knows_the_plain_classes_of_the_bindings(
    package: Path, name: str, is_set: str, expected: Any
) -> None:
    source = package / "lib" / "shelf" / "index.js"
    plain = f'_owners = new cdktn.{name}(this, "owners"{is_set});'
    source.write_text(SAMPLE.replace('_owners = new ShelfOwnerList(this, "owners", true);', plain))

    assert shelf(package)["attributes"]["owners"] == {"computed": True, "type": expected}


def test_what_may_be_anything_is_no_map(package: Path) -> None:
    source = package / "lib" / "shelf" / "index.js"
    mapper = "cdktn.hashMapperHcl(cdktn.anyToHclTerraform)(this._floors)"
    was = (
        "cdktn.hashMapperHcl(cdktn.listMapperHcl(cdktn.numberToHclTerraform, false))(this._floors)"
    )
    source.write_text(SAMPLE.replace(was, mapper))

    assert shelf(package)["attributes"]["floors"] == {"optional": True, "type": "dynamic"}


def of(**block_types: Any) -> dict[str, Any]:
    return {"block": {"block_types": block_types}, "nesting_mode": "list"}


def test_statements_of_a_web_acl_rule_are_unrolled_as_often_as_the_provider_does() -> None:
    names = ("and_statement", "not_statement", "or_statement", "geo_match_statement")
    rule: dict[str, Any] = of(statement=of(**{name: of() for name in names}))

    restore_statements({"aws_wafv2_web_acl_rule": rule}, {})

    assert and_statements(rule["block"]) == 2


def test_statements_of_a_web_acl_are_the_older_ones_with_what_they_gained_since() -> None:
    rate, newer = of(custom_key=of(cookie=of())), of(custom_keys=of(cookie=of(), asn=of()))
    acl: dict[str, Any] = of(rule=of())
    acl["block"]["block_types"]["rule"]["block"]["attributes"] = {"statement": {}}
    resources = {
        "aws_wafv2_web_acl": acl,
        "aws_wafv2_web_acl_rule": of(
            statement=of(
                and_statement=of(),
                not_statement=of(),
                or_statement=of(),
                rate_based_statement=newer,
            )
        ),
    }
    older = {"aws_wafv2_web_acl": of(rule=of(statement=of(rate_based_statement=rate)))}

    restore_statements(resources, older)

    body = acl["block"]["block_types"]["rule"]["block"]
    assert body["attributes"] == {}
    (kind,) = body["block_types"]["statement"]["block"]["block_types"].values()
    assert kind["block"]["block_types"]["custom_key"] == of(cookie=of(), asn=of())


def test_an_older_schema_tells_what_is_sensitive_how_many_there_may_be_and_what_is_a_hole() -> None:
    def schema(attributes: dict[str, Any], **block_types: Any) -> dict[str, Any]:
        block = {"attributes": attributes, "block_types": block_types}
        return {"resource_schemas": {"acme_x": {"block": block}}, "data_source_schemas": {}}

    text = {"type": "string", "optional": True}
    member = {"block": {"attributes": {"a": text}}, "nesting_mode": "list"}
    recovered = schema(
        {"key": dict(text), "hole": {"type": "dynamic", "optional": True}},
        one=member | {"max_items": 1},
        two=dict(member),
    )
    older = schema(
        {"key": text | {"sensitive": True, "description": "A key."}},
        hole=member | {"block": {"attributes": {"a": text}, "description_kind": "plain"}},
        one=member | {"max_items": 3, "nesting_mode": "set"},
        two=member | {"max_items": 2, "min_items": 2},
    )

    complete(recovered, older)

    block = recovered["resource_schemas"]["acme_x"]["block"]
    assert block["attributes"] == {"key": text | {"sensitive": True}}
    assert block["block_types"] == {
        "hole": member,
        "one": member | {"max_items": 1},
        "two": member | {"max_items": 2, "min_items": 2},
    }


def and_statements(block: Any) -> int:
    """How many and-statements stand inside each other under the `statement` of `block`."""
    depth = 0
    while "statement" in (inner := block["block_types"]):
        statement = inner["statement"]["block"]["block_types"]
        if "and_statement" not in statement:
            break
        block, depth = statement["and_statement"]["block"], depth + 1
    return depth


def test_a_mapper_of_unknown_shape_is_refused_by_name(package: Path) -> None:
    source = package / "lib" / "shelf" / "index.js"
    source.write_text(SAMPLE.replace("hashMapperHcl", "heapMapperHcl"))

    with pytest.raises(PlannerError, match=r"^cdktn\.heapMapperHcl\(.*: a mapper of unknown shape"):
        extract(package)


def test_the_same_package_gives_the_same_bytes(package: Path) -> None:
    first, second = extract(package), extract(package)

    assert encode_by_service(first) == encode_by_service(second)
    assert encode(first) == encode(second)
    assert json.loads(encode(first)) == first
    (provider,) = first["provider_schemas"].values()
    assert joined(encode_by_service(first)) == first | {
        "provider_schemas": {
            "registry.terraform.io/example/acme": {"ephemeral_resource_schemas": {}} | provider
        }
    }


def test_the_stored_aws_schema_has_no_time_in_it_and_sorted_keys() -> None:
    content = files("policyscan.planner.schema").joinpath(PROVIDERS[AWS]).read_bytes()

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for name in archive.namelist():
            text = archive.read(name)
            assert (
                text == json.dumps(json.loads(text), separators=(",", ":"), sort_keys=True).encode()
            )
