"""Which pictures are copies of each other, and what else joins pictures that are not independent.

Copies show the same pixels, whatever their files hold, or have perceptual hashes that are nearly the same. A copy of a
copy is a copy: the groups are the connected components.
"""

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from audit.datasets.perceptual_hash import NO_HASH, Words, alike, hash_words

Ints = NDArray[np.int64]
BLOCK = 64
"""Members of a group that are compared with all other pictures at once: 50 MB where these are 50,000."""
PROBED = 16
"""Pictures of which it is seen at once whether they have a copy; all others may be copies of each of them."""


def copy_groups(pixels: NDArray[Any], hashes: NDArray[Any]) -> Ints:
    """(n,) a number for each group, from the pictures' pixel hashes (n,) and perceptual hashes (n,).

    Raises ValueError where a perceptual hash is none.
    """
    looks, look = np.unique(hashes.astype(str), return_inverse=True)
    hashed = looks != NO_HASH
    group_of_look = np.arange(len(looks))
    group_of_look[hashed] = len(looks) + _groups(hash_words(looks[hashed].tolist()))
    alone = 2 * len(looks) + np.arange(len(pixels))
    return united(pixels.astype(str), np.where(hashed[look], group_of_look[look], alone))


def united(*columns: NDArray[Any]) -> Ints:
    """(n,) a number that two share where they share an entry of a column (n,), or each shares one with a third."""
    n = len(columns[0])
    entries = [np.unique(column, return_inverse=True)[1] for column in columns]
    starts = n + np.cumsum([0, *(entry.max(initial=-1) + 1 for entry in entries)])
    ends = np.concatenate([start + entry for start, entry in zip(starts, entries, strict=False)])
    return _components(int(starts[-1]), np.tile(np.arange(n), len(columns)), ends)[:n]


def _groups(words: Words) -> Ints:
    """(n,) of pictures that are alike: each group grows until nothing that is left is a copy of a member.

    Members are compared with what is left alone, so that a film, whose pictures are all alike, takes no longer. Most
    pictures have no copy, which is seen of a whole block at once.
    """
    group, left = np.arange(len(words)), np.arange(len(words))
    rest = np.asfortranarray(words)  # whole columns lie together
    while len(left):
        one, other = alike(rest[:PROBED], rest)
        with_copy = np.unique(one[one != other])
        seeds, alone = left[with_copy], np.setdiff1d(np.arange(len(left[:PROBED])), with_copy)
        left, rest = np.delete(left, alone), np.delete(rest, alone, axis=0)
        for seed in seeds:
            left, rest = _grown(seed, group, left, rest)
    return group


def _grown(seed: int, group: Ints, left: Ints, rest: Words) -> tuple[Ints, Words]:
    """What is left without the group of the picture `seed`, which is written into `group`; all where it has one."""
    edge = rest[left == seed]
    while len(edge):
        found = np.unique(alike(edge[:BLOCK], rest)[1])
        edge = np.concatenate([edge[BLOCK:], rest[found]])
        group[left[found]] = seed
        left, rest = np.delete(left, found), np.delete(rest, found, axis=0)
    return left, rest


def _components(nodes: int, one: NDArray[np.integer[Any]], other: NDArray[np.integer[Any]]) -> Ints:
    edges = scipy.sparse.coo_array((np.ones(len(one), bool), (one, other)), shape=(nodes, nodes))
    return np.asarray(scipy.sparse.csgraph.connected_components(edges, directed=False)[1], dtype=np.int64)
