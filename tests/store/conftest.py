"""A store and somebody who reads it."""

from __future__ import annotations

import pytest

from logwatch.store.reader import StoreReader
from logwatch.store.writer import Store


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def reader(store, tmp_path):
    made = StoreReader(tmp_path)
    yield made
    made.close()
