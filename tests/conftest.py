"""What several tests need."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def real() -> Path:
    """The folder of real photographs and the real network, named by SALIENCY_AUDIT_REAL."""
    named = os.environ.get("SALIENCY_AUDIT_REAL")
    if not named:
        pytest.skip("needs SALIENCY_AUDIT_REAL: the folder of real photographs and the real network")
    return Path(named)
