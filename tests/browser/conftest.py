"""One browser and one site for all tests of this folder; without them the tests are skipped, and say why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import WANTED, Browser, Site, browser, missing, site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Give the browser, in light."""
    if not WANTED:
        pytest.skip("needs a browser: nox --session browser")
    assert not missing(), f"apt-get install chromium chromium-driver: there is no {', '.join(missing())}"
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        opened.emulate(scheme="light")
        yield opened


@pytest.fixture(scope="session")
def pages() -> Iterator[Site]:
    """Give the site."""
    with site() as served:
        yield served
