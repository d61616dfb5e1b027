"""What a notebook gets: a text, the drawing, the flowchart, or those of them that it asks for."""

from __future__ import annotations

from flowing import Flow, task
from flowing.views.notebook import mimebundle
from tests.unit.views.drawn import fan, picture


@task
def load() -> int:
    return 1


def test_a_flow_shows_itself_in_three_ways() -> None:
    flow = Flow(load)
    flow.run()
    bundle = flow._repr_mimebundle_()
    assert bundle["text/plain"] == flow.summary()
    assert flow.to_svg() in bundle["text/html"]
    assert bundle["text/vnd.mermaid"] == flow.to_mermaid()


def test_only_what_is_asked_for_is_made() -> None:
    flow = Flow(load)
    assert set(flow._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert set(flow._repr_mimebundle_(exclude={"text/html"})) == {"text/plain", "text/vnd.mermaid"}


def test_the_text_of_a_large_flow_is_one_line() -> None:
    """A notebook stores it, though nobody sees it."""
    bundle = mimebundle(picture(fan(10_000)), lambda: "long\n" * 10_000, None, None)
    assert bundle["text/plain"] == "flow: 10,002 tasks, 10,002 SUCCEEDED"
