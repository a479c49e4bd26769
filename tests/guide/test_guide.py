"""docs/guide, executed: every block in order, in an empty folder, its output compared with what the page shows."""

import pytest

from guide import pages, play


@pytest.mark.parametrize("page", pages(needs_broker=False), ids=lambda page: page.stem)
def test_the_page_shows_what_happens(tmp_path, page):
    play(page, tmp_path)
