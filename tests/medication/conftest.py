"""What several tests of medication begin with."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from journal.app import JournalApp
from journal.medication import Imported, import_catalogue, mini_fest
from journal.platform.postgres import EmbeddedPostgres
from journal.platform.settings import Settings
from tests.conftest import DATABASE
from tests.medication.catalogue_files import Connection, other_brand, small
from tests.medication.test_fest import brand, m30


@pytest.fixture(scope="module")
def small_catalogue(app: JournalApp, settings: Settings) -> Iterator[None]:
    """The small catalogue in use. Afterwards other tests find no catalogue of this one."""
    file = io.BytesIO()
    mini_fest.write(file)
    file.seek(0)
    import_catalogue(settings.migrator_url, file, replace=True)
    yield
    import_catalogue(settings.migrator_url, m30(), replace=True)


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


@pytest.fixture
def superuser(app: JournalApp, server: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """Who may do what no form does."""
    with psycopg.connect(server.conninfo(dbname=DATABASE), autocommit=True) as connection:
        yield connection
