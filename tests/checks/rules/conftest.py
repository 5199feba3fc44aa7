"""Evidence of whole runs."""

import pytest

from checks.table.evidence import Evidence
from fixtures.rules import whole_run


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return whole_run(tmp_path_factory.mktemp("honest"), "honest")


@pytest.fixture(scope="module")
def cheating(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return whole_run(tmp_path_factory.mktemp("cheating"), "cheating")
