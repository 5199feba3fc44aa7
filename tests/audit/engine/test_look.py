"""A first look: which samples it takes, and that nothing which it writes can be taken for a verdict."""

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.cli.main import cli
from audit.datasets.sample import Sample
from audit.engine.look import Labelled, looked_at
from audit.errors import AuditError
from audit.record.record import Record
from audit.record.sample_readers import read_samples
from checks.baseline.accept import accept
from checks.judge import judge
from checks.table.integrity import LOOK, OTHER_ROWS
from checks.verdict import Outcome
from fixtures.records import altered
from fixtures.shapes import write_shapes
from reports.evidence_folder import format_files

STATED = "A look at 9 of 40 samples decides nothing."


def labelled(classes: list[int]) -> list[Labelled]:
    return [(Sample(f"{i}.png", str(c), ((0, 0, 1, 1),)), c) for i, c in enumerate(classes)]


@pytest.mark.tor("TOR-106")
@given(st.lists(st.integers(0, 5), max_size=60), st.integers(1, 70), st.integers(0, 3), st.randoms())
@settings(max_examples=150, deadline=None)
def test_a_look_is_spread_evenly_and_does_not_depend_on_the_order(
    classes: list[int], limit: int, seed: int, random: object
) -> None:
    samples = labelled(classes)
    taken = looked_at(samples, limit, seed)
    assert len(taken) == min(limit, len(samples))
    assert list(taken) == [sample for sample in samples if sample in taken]
    there, counts = Counter(classes), Counter(c for _, c in taken)
    for one in there:
        for other in there:
            assert counts[one] >= min(there[one], counts[other] - 1)
    shuffled = list(samples)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = looked_at(shuffled, limit, seed)
    assert sorted(sample.image for sample, _ in again) == sorted(sample.image for sample, _ in taken)


def test_another_seed_looks_at_others_and_no_limit_at_all() -> None:
    samples = labelled([i % 3 for i in range(60)])
    assert looked_at(samples, 9, 0) != looked_at(samples, 9, 1)
    assert looked_at(samples, None, 0) == tuple(samples) == looked_at(samples, 60, 0)


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a look at 9 of 40 samples, of three classes or fewer."""
    folder = tmp_path_factory.mktemp("look")
    given = write_shapes(folder / "data", pictures=40, experiments=True)
    command = ["run", str(given), "--out", str(folder / "out"), "--limit", "9"]
    done = CliRunner().invoke(cli, command, standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 3
    assert done.stdout.startswith("INCONCLUSIVE\n")
    assert f"{STATED[:-1]}" in done.stdout
    assert "This is a look at 9 of 40 samples: it decides nothing." in done.stderr
    assert "cannot pass" not in done.stderr
    return folder / "out"


@pytest.mark.slow
@pytest.mark.tor("TOR-106")
def test_record_and_every_output_say_that_it_is_a_look(look: Path) -> None:
    with Record.open(look / "audit.sqlite") as record:
        samples = read_samples(record)
        assert record.meta(LOOK) == {"samples": 9, "of": 40}
        assert record.meta("settings")["run"]["limit"] == 9
    counts = Counter(samples.label.tolist())
    assert sum(counts.values()) == 9
    assert max(counts.values()) - min(counts.values()) <= 1
    content = json.loads((look / "audit.json").read_text())
    assert content["outcome"] == "INCONCLUSIVE"
    assert content["sentence"].startswith(STATED)
    assert content["identity"]["look"] == {"samples": 9, "of": 40}
    for name in ("report.html", *format_files().values()):
        text = (look / name).read_text(encoding="utf-8")
        assert STATED in text or '"look": {' in text, name
    statuses = {clause["status"] for each in content["crosswalk"]["standards"] for clause in each["clauses"]}
    assert not statuses & {"supports", "contradicts"}


@pytest.mark.slow
@pytest.mark.tor("TOR-106")
def test_its_page_of_explore_says_so_too(look: Path) -> None:
    page = look.parent / "explore.html"
    CliRunner().invoke(cli, ["explore", str(look), "--out", str(page)], standalone_mode=False, catch_exceptions=False)
    assert "The run was a look at 9 of 40 samples." in page.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.tor("TOR-106")
def test_it_becomes_no_baseline_even_by_force(look: Path) -> None:
    with pytest.raises(AuditError, match=r"not the record of a complete run \(run_is_whole: look, samples 9, of 40\)"):
        accept(look, look.parent / "baseline.json", reason="why not", by="me", force=True)
    assert not (look.parent / "baseline.json").exists()


@pytest.mark.slow
@pytest.mark.tor("TOR-106")
def test_whoever_removes_the_mark_gets_no_verdict(look: Path, tmp_path: Path) -> None:
    record = tmp_path / "audit.sqlite"
    record.write_bytes((look / "audit.sqlite").read_bytes())
    judgement = judge(altered(record, "DELETE FROM meta WHERE key = 'look'"))
    whole = judgement.verdict("run_is_whole")
    assert whole is not None
    assert (judgement.outcome, whole.outcome, whole.reason) == (Outcome.INVALID, Outcome.INVALID, OTHER_ROWS)


@pytest.mark.slow
def test_it_is_resumed_with_its_limit_alone(look: Path) -> None:
    settings_file = look.parent / "data" / "audit.toml"
    settings_file = settings_file if settings_file.exists() else next((look.parent / "data").glob("*.toml"))
    command = ["run", str(settings_file), "--out", str(look), "--resume"]
    assert CliRunner().invoke(cli, [*command, "--limit", "9"], standalone_mode=False).return_value == 3
    with pytest.raises(AuditError, match="was started with something else"):
        CliRunner().invoke(cli, command, standalone_mode=False, catch_exceptions=False)
