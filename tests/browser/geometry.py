"""What meets what on a page, from the rectangles that the browser gives. No browser."""

from __future__ import annotations

from typing import NamedTuple

# Rectangles of boxes, of the text in them, and of all other text in drawings.
MEASURE = """
const area = each => { const b = each.getBoundingClientRect();
                       return [b.left, b.top, b.right, b.bottom, each.textContent.slice(0, 60)]; };
const boxes = [...document.querySelectorAll("g.fl-task")].map(each => {
  const rects = each.querySelectorAll("rect");
  return {box: area(rects[rects.length - 1]).slice(0, 4).concat(each.querySelector("text").textContent),
          texts: [...each.querySelectorAll("text")].map(area)};
});
const words = [...document.querySelectorAll(".drawing > svg")].map(
  each => [...each.querySelectorAll("text")].filter(text => !text.closest("g.fl-task")).map(area));
return {boxes, words};
"""


class Area(NamedTuple):
    """A rectangle on the page, and what is written there."""

    left: float
    top: float
    right: float
    bottom: float
    said: str

    def meets(self, other: Area) -> bool:
        """Tell whether two have more than a hair in common."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > 0.5
            and min(self.bottom, other.bottom) - max(self.top, other.top) > 0.5
        )

    def holds(self, other: Area) -> bool:
        """Tell whether the other one is inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


def meetings(areas: list[Area]) -> list[tuple[str, str]]:
    """List the pairs that meet."""
    by_top = sorted(areas, key=lambda each: each.top)
    found: list[tuple[str, str]] = []
    for index, one in enumerate(by_top):
        for other in by_top[index + 1 :]:
            if other.top >= one.bottom:
                break
            if one.meets(other):
                found.append((one.said, other.said))
    return found
