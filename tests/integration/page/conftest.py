"""A browser and an installation for each module here."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.integration.page import house as houses
from tests.support import browser as browsers


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[houses.House]:
    with houses.house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(house: houses.House) -> Iterator[Browser]:  # afterwards, this thread's loop is the browser's
    with browsers.browser() as made:
        yield made
