"""A thousand damaged files for every parser of foreign input, each in a process with a bound of memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit.fuzz.parsers import PARSERS

CASES = int(os.environ.get("SALIENCY_AUDIT_FUZZ_CASES", "1000"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.tor("TOR-003")
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the bound of memory needs Linux")
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_answers_or_refuses(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.audit.fuzz.parsers", name, str(CASES)],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
