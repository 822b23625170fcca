"""What several tests of the catalogue's import begin with."""

from collections.abc import Callable, Iterator

import pytest

from journal.app import JournalApp
from journal.medication import Imported, import_catalogue
from journal.platform.settings import Settings
from tests.medication.catalogue_files import Connection, other_brand, small
from tests.medication.test_fest import brand, m30


@pytest.fixture
def url(app: JournalApp, settings: Settings) -> str:
    return settings.migrator_url


@pytest.fixture
def load(url: str) -> Callable[..., Imported]:
    """Makes a file the catalogue, whatever was there."""
    return lambda file, **more: import_catalogue(url, file, **({"replace": True} | more))


@pytest.fixture
def loaded(load: Callable[..., Imported], migrator: Connection) -> Iterator[Imported]:
    """Two brands in use. Afterwards other tests find no catalogue of this one."""
    yield load(small(brand(), other_brand()))
    load(m30())
