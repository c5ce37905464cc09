"""The catalogue that ships."""

import pytest

from adapters.seed.files import CatalogData, read_catalog


@pytest.fixture(scope="session")
def catalog() -> CatalogData:
    return read_catalog()
