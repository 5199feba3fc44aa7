"""One run on several machines: shards of its batches, and the record that is made of them."""

import json
import sqlite3
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from audit.engine.measure import measure
from audit.engine.merged_shards import merged
from audit.engine.shards import measure_shard, shard_ranges
from audit.errors import AuditError
from audit.pipeline import run, run_shard
from audit.record.place import record_of
from audit.record.record import Record
from audit.record.row_text import packed_rows, unpacked_rows
from audit.record.schema import AnswerRow, ExclusionRow, Rows, ScoreRow, ThumbnailRow
from audit.record.shard_file import Shard, ShardFile
from audit.settings import Settings, load_settings
from fixtures.shapes import write_shapes


def changed(settings: Settings, table: str, **keys: Any) -> Settings:
    return settings.model_copy(update={table: getattr(settings, table).model_copy(update=keys)})


def cut(settings: Settings, folder: Path, of: int) -> list[Path]:
    return [measure_shard(settings, folder / f"{n} of {of}", Shard(n, of)).parent for n in range(1, of + 1)]


def joined(settings: Settings, out: Path, shards: Sequence[Path]) -> Path:
    return measure(settings, out, engine=partial(merged, shards))


def contents(path: Path) -> list[str]:
    """All but the header, where SQLite counts how often the file was opened for writing."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(write_shapes(tmp_path / "data"))


@pytest.fixture
def two(settings: Settings, tmp_path: Path) -> list[Path]:
    return cut(settings, tmp_path, 2)


@given(of=st.integers(1, 40), batches=st.integers(1, 60))
def test_shards_take_turns_and_leave_no_batch_out(of: int, batches: int) -> None:
    ranges = [range(4 * place, 4 * place + 4) for place in range(batches)]
    parts = [shard_ranges(ranges, Shard(number, of)) for number in range(1, of + 1)]
    assert sorted((numbers for part in parts for numbers in part), key=lambda numbers: numbers.start) == ranges
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


numbers = st.floats(allow_nan=False) | st.none()


@given(numbers, numbers, st.binary(max_size=9), st.text(max_size=9), st.integers(0, 2**62))
def test_rows_come_back_to_the_last_bit(one: float | None, two: float | None, raw: bytes, text: str, n: int) -> None:
    rows: Rows = {
        "score": [ScoreRow(n, text, 0, one, two, -0.0, 5e-324, 0.1 + 0.2)],
        "answer": [AnswerRow("model", n, text, text, one, two, None, raw)],
        "thumbnail": [ThumbnailRow(n, text, raw)],
        "exclusion": [ExclusionRow(text, text, None, text, text)],
        "note": [],
    }
    assert repr(unpacked_rows(packed_rows(rows))) == repr(rows)


@pytest.mark.parametrize("tables", [{"sqlite_master": []}, {"score": [[1, "gradient"]]}, ["score"], {"meta": [3]}])
def test_rows_of_no_record_are_refused(tables: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        unpacked_rows(zlib.compress(json.dumps(tables).encode()))
    with pytest.raises(ValueError, match="cut off"):
        unpacked_rows(packed_rows({"note": []})[:-4])


@pytest.mark.slow
@pytest.mark.tor("TOR-124")
def test_eight_shards_yield_the_evidence_of_one_machine(tmp_path: Path) -> None:
    """By the default profile, with its controls and searches; every file, the record itself among them."""
    settings = write_shapes(tmp_path / "data", pictures=40, experiments=True)
    (tmp_path / "data" / "images" / "017.png").write_bytes(b"no picture")
    run(settings, tmp_path / "one")
    shards = [run_shard(settings, tmp_path / str(n), Shard(n, 8)).parent for n in range(1, 9)]
    run(settings, tmp_path / "merged", shards=shards[::-1])
    files = {file.name: file.read_bytes() for file in (tmp_path / "one").iterdir()}
    assert {"audit.json", "audit.sqlite", "SHA256SUMS", "report.html"} <= files.keys()
    assert {file.name: file.read_bytes() for file in (tmp_path / "merged").iterdir()} == files
    with Record.open(tmp_path / "merged" / "audit.sqlite") as record:
        answers = record.columns("SELECT count(*) AS n FROM answer")["n"][0]
        parts = set(record.columns("SELECT part FROM passes")["part"])
    assert answers > 39 * 30
    assert {"pictures", "randomisation", "planted_cue", "telling_regions"} <= parts


@pytest.mark.slow
@pytest.mark.tor("TOR-124")
@examples(max_examples=8, deadline=None)
@given(pictures=st.integers(2, 30), batch=st.integers(1, 9), of=st.integers(1, 9), kept=st.integers(0, 9))
def test_any_cut_yields_the_record_of_one_machine(pictures: int, batch: int, of: int, kept: int) -> None:
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        made = load_settings(write_shapes(folder / "data", pictures=pictures, seed=pictures))
        settings = changed(made, "run", batch_size=batch, maps_kept=kept)
        shards = cut(settings, folder, min(of, -(-pictures // batch)))
        one = measure(settings, folder / "one")
        assert joined(settings, folder / "merged", shards).read_bytes() == one.read_bytes()


@pytest.mark.slow
@pytest.mark.tor("TOR-125")
def test_an_interrupted_shard_and_an_interrupted_merge_go_on(settings: Settings, tmp_path: Path) -> None:
    def kill(done: int, total: int, what: str, share: float) -> None:
        if done == 4:
            raise KeyboardInterrupt

    one = contents(measure(settings, tmp_path / "one"))
    with pytest.raises(KeyboardInterrupt):
        measure_shard(settings, tmp_path / "1", Shard(1, 2), progress=kill)
    measure_shard(settings, tmp_path / "2", Shard(2, 2))
    shards = [tmp_path / "1", tmp_path / "2"]
    with pytest.raises(AuditError, match=r"shard 1/2 lacks 1 batch; need it finished\. Continue it: saliency-audit"):
        joined(settings, tmp_path / "merged", shards)
    with pytest.raises(AuditError, match="exists; need a new folder"):
        measure_shard(settings, tmp_path / "1", Shard(1, 2))
    with pytest.raises(AuditError, match=r"was started with something else \(shard 1/2\)"):
        measure_shard(settings, tmp_path / "1", Shard(2, 2), resume=True)
    measure_shard(settings, tmp_path / "1", Shard(1, 2), resume=True)
    measure_shard(settings, tmp_path / "1", Shard(1, 2), resume=True)  # of one that is finished: nothing is left to do
    with pytest.raises(KeyboardInterrupt):
        measure(settings, tmp_path / "merged", engine=partial(merged, shards), progress=kill)
    again = measure(settings, tmp_path / "merged", engine=partial(merged, shards), resume=True)
    assert contents(again) == one


@pytest.mark.tor("TOR-125")
def test_missing_doubled_and_foreign_shards_are_named(settings: Settings, two: list[Path], tmp_path: Path) -> None:
    out, three = tmp_path / "merged", cut(settings, tmp_path, 3)
    cases: list[tuple[list[Path], str]] = [
        (
            [two[1]],
            r"merge: 1 shard missing \(1/2\); need all 2\. Measure it: saliency-audit run SETTINGS\.toml",
        ),
        ([three[2]], r"2 shards missing \(1/3 and 2/3\); need all 3"),
        ([*two, two[0]], r"is shard 1/2, as .* is; need each shard once"),
        ([two[0], three[1]], r"is shard 2/3, and .* is 1/2; need shards of one cut"),
        ([tmp_path / "none"], "no such record; need the shard.sqlite that a run with --shard leaves"),
        ([], "merge: no shard"),
    ]
    for shards, words in cases:
        with pytest.raises(AuditError, match=words):
            joined(settings, out, shards)
    for other in (
        changed(settings, "run", seed=1),
        changed(settings, "data", max_box_share=0.5),
        changed(settings, "run", limit=11).model_copy(update={"title": "another"}),
    ):
        with pytest.raises(AuditError, match=r"\(shard 1/2\): was started with something else \(settings"):
            joined(other, out, two)
    with pytest.raises(AuditError, match="6 shards of 3 batches; need a batch for each"):
        measure_shard(settings, tmp_path / "6", Shard(1, 6))
    assert not out.exists()  # what is refused leaves nothing


@pytest.mark.slow
@pytest.mark.tor("TOR-125")
@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("device", "cuda", "device"),
        ("code", {"layers": "0"}, "code.layers"),
        ("model", {"state_sha256": "0"}, "model"),
        ("versions", {"torch": "1.0"}, "versions"),
        ("samples_sha256", "0", "samples_sha256"),
        ("profile", {"name": "mine"}, "profile"),
        ("unsteady", True, "network: it changed itself"),
        ("rehearsal", {"pictures": [], "logits": []}, "pictures: other ones come first"),
    ],
)
def test_a_shard_of_other_code_weights_data_or_device_is_refused(
    key: str, value: Any, words: str, settings: Settings, two: list[Path], tmp_path: Path
) -> None:
    with ShardFile.open(two[1] / "shard.sqlite") as file:
        file.set_meta(key, value)
    fixed = {"profile": {"name": "default"}} if key == "profile" else None
    with pytest.raises(AuditError, match=rf"was started with something else \(.*{words}"):
        measure(settings, tmp_path / "merged", engine=partial(merged, two), registered=fixed)


def _wrong_bytes(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE batch SET measured = zeroblob(9) WHERE start = 4")


def _gone(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM batch WHERE start = 4")


def _other_rows(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE batch SET sha256 = '0' WHERE start = 4")


def _trigger(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TRIGGER lie AFTER INSERT ON meta BEGIN DELETE FROM batch; END")


@pytest.mark.slow
@pytest.mark.tor("TOR-125")
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_wrong_bytes, "does not hold what was measured of the samples 4 to 7; need a shard as a run leaves it"),
        (_gone, "shard 2/2 lacks 1 batch"),
        (_other_rows, "was altered since the shard was finished"),
        (_trigger, r"has a part that no run makes \(trigger lie\)"),
    ],
)
def test_a_damaged_shard_is_refused(
    damage: Any, words: str, settings: Settings, two: list[Path], tmp_path: Path
) -> None:
    with sqlite3.connect(two[1] / "shard.sqlite") as connection:
        damage(connection)
    connection.close()
    with pytest.raises(AuditError, match=words):
        joined(settings, tmp_path / "merged", two)


@pytest.mark.slow
@pytest.mark.tor("TOR-125")
def test_a_picture_that_changed_since_is_refused(settings: Settings, two: list[Path], tmp_path: Path) -> None:
    first, last = (settings.folder / "images" / name for name in ("002.png", "010.png"))
    last.write_bytes(first.read_bytes())
    with pytest.raises(AuditError, match=r"picture 010\.png.* changed during the audit"):
        joined(settings, tmp_path / "merged", two)
    with pytest.raises(AuditError, match=r"something else \(picture 010\.png\)"):
        measure_shard(settings, two[0], Shard(1, 2), resume=True)


@pytest.mark.tor("TOR-125")
def test_a_shard_is_no_record(two: list[Path]) -> None:
    for named in (two[0], two[0] / "shard.sqlite"):
        with pytest.raises(AuditError, match="holds one shard of a run, which decides nothing; need the record of the"):
            record_of(named)
    with pytest.raises(AuditError, match="has a part that no run makes"):
        Record.open(two[0] / "shard.sqlite")


COUNTING = """
import torch
from fixtures.shapes import network as made

class Counting(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = made()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.seen.copy_(torch.maximum(self.seen, x.detach().mean(dim=(1, 2, 3)).max()))
        return self.inner(x)

def network():
    return Counting()
"""


@pytest.mark.slow
@pytest.mark.tor("TOR-125")
def test_a_shard_whose_network_changed_is_refused_for_good(tmp_path: Path) -> None:
    named = write_shapes(tmp_path / "data", model='kind = "factory"\nfunction = "counting_shard:network"\n')
    (tmp_path / "data" / "counting_shard.py").write_text(COUNTING)
    settings = load_settings(named)
    with pytest.raises(AuditError, match="changed during the audit"):
        measure_shard(settings, tmp_path / "1", Shard(1, 2))
    with pytest.raises(AuditError, match="it changed itself in the earlier run"):
        measure_shard(settings, tmp_path / "1", Shard(1, 2), resume=True)
