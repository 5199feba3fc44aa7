"""Groups of copies, and clusters that join where they share a picture."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from audit.datasets.perceptual_hash import BITS, MOST_BITS, NO_HASH
from audit.errors import AuditError
from audit.record.record import Record
from checks.profile import load_profile
from checks.table import copies as module
from checks.table.copies import copy_groups, united
from checks.table.read_evidence import read_evidence
from fixtures.copies import Likeness, with_copies
from fixtures.metadata import with_metadata
from fixtures.records import write_record


def hashes_of(bits: NDArray[np.bool_]) -> NDArray[np.object_]:
    return np.array([2 * row.tobytes().hex() for row in np.packbits(bits, axis=1)], dtype=object)


def groups(ids: NDArray[Any]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(ids == one).tolist()) for one in set(ids.tolist())}


def slow_groups(pixels: list[str], bits: NDArray[np.bool_], plain: list[bool]) -> set[frozenset[int]]:
    """Pair by pair."""
    group = list(range(len(pixels)))
    for i in range(len(pixels)):
        for j in range(i):
            differing = int((bits[i] != bits[j]).sum())
            near = differing <= MOST_BITS and not plain[i] and not plain[j]
            if near or pixels[i] == pixels[j]:
                group = [group[i] if one == group[j] else one for one in group]
    return groups(np.array(group))


@pytest.mark.parametrize("seed", range(5))
def test_the_groups_are_those_of_comparing_pair_by_pair(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 7)
    rng = np.random.default_rng(seed)
    bits = np.repeat(rng.random((12, BITS)) < 0.5, 5, axis=0)
    bits ^= rng.random((60, BITS)) < rng.choice([0.02, 0.1, 0.3], 60)[:, None]
    order = rng.permutation(60)
    bits, plain = bits[order], (rng.random(60) < 0.1).tolist()
    pixels = [f"{number}" for number in rng.integers(0, 300, 60)]
    hashes = np.where(plain, NO_HASH, hashes_of(bits)).astype(object)
    assert groups(copy_groups(np.array(pixels, dtype=object), hashes)) == slow_groups(pixels, bits, plain)


def test_a_copy_of_a_copy_is_a_copy() -> None:
    bits = np.zeros((4, BITS), bool)
    bits[:] = np.random.default_rng(0).random(BITS) < 0.5
    for place in range(1, 4):
        bits[place, : 30 * place] ^= True  # 30 from the one before, beyond the limit from the first
    pixels = np.array([*"abcd"], dtype=object)
    assert groups(copy_groups(pixels, hashes_of(bits))) == {frozenset(range(4))}


def test_clusters_join_where_they_share_a_picture() -> None:
    flights, copied = np.array([*"aabbccd"]), np.array([0, 1, 1, 2, 3, 4, 5])
    assert groups(united(flights, copied)) == {frozenset({0, 1, 2, 3}), frozenset({4, 5}), frozenset({6})}
    assert groups(united(copied)) == {frozenset({0}), frozenset({1, 2}), *(frozenset({i}) for i in range(3, 7))}
    assert united(np.array([], dtype=str), np.array([], dtype=int)).shape == (0,)


@pytest.mark.slow
@pytest.mark.parametrize("originals", [1, 2_000, 10_000])
def test_many_pictures_are_grouped_in_bounded_memory(originals: int) -> None:
    """Films, whose pictures are all alike, as well as photographs."""
    n = 10_000
    rng, of = np.random.default_rng(0), np.arange(n) % originals
    bits = (rng.random((originals, BITS)) < 0.5)[of] ^ (rng.random((n, BITS)) < 0.02)
    pixels, hashes = np.arange(n).astype(str).astype(object), hashes_of(bits)
    tracemalloc.start()
    found = copy_groups(pixels, hashes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    together = np.unique(np.stack([found, of]), axis=1).shape[1]
    assert (len(np.unique(found)), together) == (originals, originals)
    assert peak < 100 * 2**20, "of up to 50 million pairs"


@pytest.mark.tor("TOR-074")
@pytest.mark.parametrize("likeness", ["perceptual_hash", "pixels_sha256"])
def test_copies_are_one_cluster_in_the_evidence(tmp_path: Path, likeness: Likeness) -> None:
    path = with_copies(write_record(tmp_path / "a.sqlite", n=60), 12, likeness)
    with Record.open(path) as record:
        table = read_evidence(record, load_profile("default"))
    assert table.cluster is not None
    assert (table.n, len(np.unique(table.cluster)), len(np.unique(table.copies))) == (59, 12, 12)
    assert groups(table.cluster) == groups(table.copies)
    assert table.cluster_of is not None
    assert table.cluster_of.shape == (60,)
    assert (table.cluster_of[table.sample] == table.cluster).all()


def test_copies_join_the_clusters_that_the_settings_name(tmp_path: Path) -> None:
    """Samples 1 to 59, of six flights; the copies join the flights in twos."""
    flights = [f"f{i}" for i in range(6)]
    path = with_metadata(write_record(tmp_path / "a.sqlite", n=60), {"flight": flights}, "flight")
    with Record.open(path) as record:
        alone = read_evidence(record, load_profile("default"))
    with Record.open(with_copies(path, 3)) as record:
        joined = read_evidence(record, load_profile("default"))
    assert alone.cluster is not None
    assert joined.cluster is not None
    assert (len(np.unique(alone.cluster)), len(np.unique(joined.cluster))) == (6, 3)
    assert joined.cluster_column == "flight"


def test_without_copies_and_a_named_column_there_are_no_clusters(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "a.sqlite", n=20)) as record:
        table = read_evidence(record, load_profile("default"))
    assert (table.cluster, table.cluster_of) == (None, None)
    assert len(np.unique(table.copies)) == table.n


def test_a_record_with_a_broken_hash_is_refused(tmp_path: Path) -> None:
    path = write_record(tmp_path / "a.sqlite", n=20)
    with Record.open(path) as record:
        record._connection.execute("UPDATE picture SET perceptual_hash = 'ab' WHERE sample = 3")
        with pytest.raises(AuditError, match=r"is broken \(a perceptual hash has 2 x 256 bits\)"):
            read_evidence(record, load_profile("default"))
