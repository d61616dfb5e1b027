"""Text and room: what is cut fits, and keeps what tells names apart. That the widths are right, see tests/browser."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowing.views.lettering import cut_at_the_end, cut_in_the_middle, is_plain, mono_width, sans_width


@given(st.text(max_size=200), st.integers(20, 400))
def test_what_is_cut_fits_and_what_fits_is_not_cut(text: str, width_max: int) -> None:
    middle = cut_in_the_middle(text, width_max=width_max, size_px=12)
    end = cut_at_the_end(text, width_max=width_max, size_px=12)
    assert mono_width(middle, size_px=12) <= width_max + 1e-6
    assert sans_width(end, size_px=12) <= width_max + 1e-6
    assert middle == text or "…" in middle
    assert end == text or end.endswith("…")
    if mono_width(text, size_px=12) <= width_max:
        assert middle == text


def test_both_ends_of_a_name_are_kept() -> None:
    cut = cut_in_the_middle("load_invoices_of_customers_2024", width_max=140, size_px=12)
    assert cut.startswith("load_inv")
    assert cut.endswith("2024")


def test_letters_of_unknown_width_are_known_as_such() -> None:
    assert is_plain("plain_name-1 … · \N{MULTIPLICATION SIGN}")
    assert not is_plain("日本")
    assert mono_width("日", size_px=10) > mono_width("x", size_px=10)
    assert mono_width("e\N{COMBINING ACUTE ACCENT}", size_px=10) == mono_width("e", size_px=10)
