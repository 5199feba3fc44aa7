"""What pytest's command line says of the audits, and what tells one session from another."""

import pytest

OUT, REUSE, DEVICE = "--saliency-audit-out", "--saliency-audit-reuse", "--saliency-audit-device"
SESSION = pytest.StashKey[str]()
"""The name of one test session, the same for all its processes."""
