"""A store for the tests of this folder."""

from collections.abc import Iterator

import pytest

from fixtures.stores import ObjectStore, object_store


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    with pytest.MonkeyPatch.context() as patch, object_store(patch) as opened:
        yield opened
