"""The graph as DOT and as Mermaid: whatever a key holds, it is text in a box and nothing else."""

from __future__ import annotations

import re

import pytest

from policyscan.report.graph_dot import render_graph_dot
from policyscan.report.graph_mermaid import render_graph_mermaid
from policyscan.report.graph_selection import Kind, around, whole
from policyscan.report.screen import plain
from tests.plans import change, graph_of
from tests.report.graphs import CHAIN, addresses, chain, keyed, read_dot, read_mermaid

HOSTILE = (
    'say "hi"',
    "a]b[c",
    "end",
    "subgraph x",
    "x#35;y #quot;",
    "a;b",
    "<script>alert(1)</script>",
    "&lt;b&gt; &amp;",
    "`code`",
    "*b* _i_ __u__ ~~s~~",
    "ключ-プロ-😀",
    "line\nbreak\r\n",
    "\x1b[31mred\x9b2J\u202e",
    "back\\slash\\N\\",
    "${x} %{y} %%{init: {}}%% %% c",
    "ﬂ°°60¶ßimgﬂ°¶ß",
    "style x fill:#f9f;",
    "click n0 call alert()",
    "---> |x| {{a}} ((b))",
    "$$x^2$$",
    "fa:fa-bolt",
    "}",
    "",
)


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_stays_text_in_dot(key: str) -> None:
    selection = whole(keyed([key]), Kind.TOLD)
    strings, depth = read_dot(render_graph_dot(selection))
    names = set(map(plain, addresses(selection)))
    assert (names - set(strings), depth) == (set(), 0)


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_stays_text_in_mermaid(key: str) -> None:
    selection = whole(keyed([key]), Kind.TOLD)
    lines = render_graph_mermaid(selection).splitlines()
    label = r'"([^"`<>&\\;]|<br/>|#\d+;)*"'
    shapes = (
        "flowchart LR",
        rf" +n\d+\[{label}\]",
        rf" +subgraph m\d+\[{label}\]",
        " +end",
        rf"  n\d+ -->\|{label}\| n\d+",
    )
    assert [line for line in lines if not re.fullmatch("|".join(shapes), line)] == []
    shown = {read_mermaid(each) for each in re.findall(r'\["(.*)"\]', "\n".join(lines))}
    subnet, module = (
        plain(next(name for name in addresses(selection) if kind in name))
        for kind in ("aws_subnet", "aws_eip")
    )
    assert shown == {
        "aws_vpc.main\ncreate",
        f"{subnet}\ncreate",
        module.removesuffix(".aws_eip.e"),
        "aws_eip.e\ncreate",
    }


@pytest.mark.parametrize("beginning", ["$$", ":fa-", "\\n", "ﬂ°", "¶ß"])
def test_mermaid_finds_no_beginning_of_its_own_marks(beginning: str) -> None:
    """Mermaid looks for these after it has decoded its entity codes."""
    text = render_graph_mermaid(whole(keyed([f"a{beginning}b{beginning}"]), Kind.TOLD))
    decoded = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), text)
    assert beginning not in decoded


def test_dot_draws_one_arrow_for_two_instances_dashed_where_one_only_waits() -> None:
    lines = render_graph_dot(whole(chain(), Kind.TOLD)).splitlines()
    assert [line.strip() for line in lines if "->" in line] == [
        'n1 -> n0 [label="depends_on", style=dashed];',
        'n1 -> n2 [label="task_definition"];',
        'n2 -> n0 [label="container_definitions"];',
    ]


def test_mermaid_draws_one_arrow_for_two_instances_dotted_where_one_only_waits() -> None:
    lines = render_graph_mermaid(whole(chain(), Kind.TOLD)).splitlines()
    assert [line.strip() for line in lines if ">|" in line] == [
        'n1 -.->|"depends_on"| n0',
        'n1 -->|"task_definition"| n2',
        'n2 -->|"container_definitions"| n0',
    ]


def test_an_arrow_that_is_not_exact_says_so() -> None:
    graph = keyed(["a", "b"])
    assert "ambiguous" not in render_graph_dot(whole(graph, Kind.TOLD))
    doubtful = graph_of(
        [
            change("aws_eip.e", unknown={"tags": True}),
            change("aws_vpc.v[0]"),
            change("aws_vpc.v[1]"),
        ],
        {
            "resources": [
                {
                    "address": "aws_eip.e",
                    "mode": "managed",
                    "type": "aws_eip",
                    "name": "e",
                    "expressions": {"tags": {"references": ["aws_vpc.v"]}},
                },
                {"address": "aws_vpc.v", "mode": "managed", "type": "aws_vpc", "name": "v"},
            ]
        },
    )
    assert 'label="tags\\n(ambiguous)"' in render_graph_dot(whole(doubtful, Kind.TOLD))
    assert '|"tags<br/>(ambiguous)"|' in render_graph_mermaid(whole(doubtful, Kind.TOLD))


def test_what_was_asked_for_is_marked() -> None:
    selection = around(chain(), CHAIN[1], Kind.TOLD)
    assert re.findall(r'label="(\S+)\\ncreate".*penwidth', render_graph_dot(selection)) == [
        CHAIN[1]
    ]
    assert f'n2[["{CHAIN[1]}<br/>create"]]' in render_graph_mermaid(selection)


def test_modules_are_frames_inside_one_another() -> None:
    graph = graph_of(
        [change(f"{name}aws_eip.e") for name in ("", "module.a.", 'module.a.module.b["x"].')]
    )
    assert render_graph_mermaid(whole(graph, Kind.TOLD)).splitlines() == [
        "flowchart LR",
        '  n0["aws_eip.e<br/>create"]',
        '  subgraph m1["module.a"]',
        '    n1["aws_eip.e<br/>create"]',
        '    subgraph m2["module.b[#34;x#34;]"]',
        '      n2["aws_eip.e<br/>create"]',
        "    end",
        "  end",
    ]


def test_an_empty_plan_is_an_empty_drawing() -> None:
    selection = whole(graph_of([]), Kind.TOLD)
    assert render_graph_mermaid(selection) == "flowchart LR\n"
    assert read_dot(render_graph_dot(selection))[1] == 0
