"""The flowchart: lines of a small part of Mermaid's grammar, whatever tasks are named. See tests/browser, too."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing import Flow, task
from flowing.results import StepState
from flowing.views.mermaid import mermaid
from flowing.views.picture import DrawnTask, Picture
from tests.unit.views.drawn import chain, fan, gallery, picture

PICTURES = gallery()
LABEL = r'"(?:[^\W]|[ _.,+-]|#\d+;|<br/>)*"'
COLOUR = "#[0-9a-f]{6}"
LINES = [
    r"flowchart LR",
    r"%% [^\n]+",
    rf" +t\d+(?:\[{LABEL}\]|\(\[{LABEL}\]\))",
    r'  subgraph detached \["detached"\]',
    r"  end",
    r"  t\d+ (?:-->|-\.->) t\d+",
    r"  classDef [A-Z]+ fill:{0},stroke:{0},color:{0}(?:,stroke-(?:width:3px|dasharray:4 3))?".replace("{0}", COLOUR),
    r"  class t\d+(?:,t\d+)* [A-Z]+",
]
GRAMMAR = re.compile("|".join(f"(?:{line})" for line in LINES))


def strangers(chart: str) -> list[str]:
    """List the lines that are not of the grammar."""
    return [line for line in chart.split("\n") if not GRAMMAR.fullmatch(line)]


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_of_the_grammar_and_below_the_limits(name: str) -> None:
    chart = mermaid(PICTURES[name])
    assert strangers(chart) == []
    assert chart.count("->") <= 500
    assert len(chart) < 50_000


@given(name=st.text(st.characters(), min_size=1, max_size=80))
def test_no_name_leaves_its_label(name: str) -> None:
    """[S9] All that could mean something is a number."""
    chart = mermaid(Picture(tasks=(DrawnTask(name=name), DrawnTask(name="end", dependencies=(0,)))))
    assert strangers(chart) == []
    assert len(chart.splitlines()) == 6


def test_a_name_that_leaves_its_label_is_found_out() -> None:
    """Control."""
    assert strangers(mermaid(picture(chain(2))).replace("task_0", 'x"] --> y["')) != []


def test_the_worst_names_stay_below_the_limit_of_characters() -> None:
    shown = picture(fan(298), name=lambda place: f'"<{place}>&' * 20, state=lambda place: list(StepState)[place % 6])
    assert len(mermaid(shown)) < 50_000


def test_states_are_classes_order_is_dotted_and_detached_tasks_stand_apart() -> None:
    shown = picture([[], [0], [1]], detached={2}, order_only={1}, state=lambda place: list(StepState)[place + 2])
    assert mermaid(shown).splitlines() == [
        "flowchart LR",
        '  t0["task_0<br/>SUCCEEDED #183; 1.00 s"]',
        '  t1["task_1<br/>FAILED #183; 1.00 s"]',
        '  subgraph detached ["detached"]',
        '    t2(["task_2<br/>SKIPPED"])',
        "  end",
        "  t0 -.-> t1",
        "  t1 --> t2",
        "  classDef SUCCEEDED fill:#dcfce7,stroke:#15803d,color:#14532d",
        "  class t0 SUCCEEDED",
        "  classDef FAILED fill:#fee2e2,stroke:#b91c1c,color:#7f1d1d,stroke-width:3px",
        "  class t1 FAILED",
        "  classDef SKIPPED fill:#fef3c7,stroke:#b45309,color:#78350f,stroke-dasharray:4 3",
        "  class t2 SKIPPED",
    ]


def test_a_flow_writes_itself() -> None:
    @task
    def load() -> int:
        return 1

    @task(depends_on=[load])
    def store(load: int) -> None: ...

    chart = Flow(store).to_mermaid()
    assert '  t0["load"]' in chart
    assert "  t0 --> t1" in chart
