"""What every bound holds in simulation: `python -m benchmarks.coverage`.

A one-sided 95 % bound should hold in 95 % of all draws, and a gate should pass or accuse a network that is exactly at
the limit in at most 5 %. The slow tests assert the same tables.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import NamedTuple

import click
import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from audit.holm import holm
from checks.statistics import bootstrap
from checks.statistics.bootstrap import bca, student
from checks.statistics.bounds import Bounds, share_bounds, share_bounds_by_cluster, wilson
from checks.statistics.paired_proportions import (
    CONTINUITY,
    paired_share_bounds,
    paired_share_bounds_by_cluster,
    regression_p,
    tango,
    votes,
)
from checks.statistics.tolerance import tolerance_bounds

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
CHUNK = 250
"""Draws that share their resamples."""
SHAPES: dict[str, tuple[Callable[[Floats], Floats], float]] = {
    "even": (lambda u: u, 1 / 2),
    "two heaps": (lambda u: np.sin(np.pi / 2 * u) ** 2, 1 / 2),
    "few high": (lambda u: u**6, 1 / 7),
    "few low": (lambda u: 1 - u**6, 6 / 7),
}
"""From a uniform number to a score, and the mean score."""


class Row(NamedTuple):
    """One case, and the share of draws in which each thing happened."""

    case: str
    shares: dict[str, float]


def equal(clusters: int, members: int) -> NDArray[np.int64]:
    return np.full(clusters, members)


def lopsided(clusters: int) -> NDArray[np.int64]:
    """From 1 to 20 pictures."""
    return np.geomspace(1, 20, clusters).round().astype(np.int64)


SIZES = {
    "30 x 10": equal(30, 10),
    "60 x 10": equal(60, 10),
    "60 of 1 to 20": lopsided(60),
    "120 x 20": equal(120, 20),
    "120 of 1 to 20": lopsided(120),
}
"""Clusters x pictures in each."""
FEWER_SIZES = {name: SIZES[name] for name in ("30 x 10", "60 x 10", "60 of 1 to 20")}


def alike(sizes: NDArray[np.int64], correlation: float, draws: int, rng: np.random.Generator) -> Floats:
    """Uniform numbers (draws, n), normal scores of which correlate within a cluster."""
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    shared = rng.normal(size=(draws, len(sizes)))[:, cluster]
    own = rng.normal(size=shared.shape)
    return np.asarray(special.ndtr(correlation**0.5 * shared + (1 - correlation) ** 0.5 * own), dtype=np.float64)


def of_means(draws: int) -> Iterator[Row]:
    """How often each bound of a mean of independent pictures holds."""
    for (name, (shape, mean)), n in product(SHAPES.items(), (20, 30, 59, 300)):
        values = shape(np.random.default_rng(1).random((draws, n)))
        yield Row(f"{name}, {n} pictures", _holds(values, np.ones(n), mean))


def _holds(sums: Floats, sizes: Floats, mean: float) -> dict[str, float]:
    chunks = np.split(sums, range(CHUNK, len(sums), CHUNK))
    found = [wider(chunk, sizes, seed) for seed, chunk in enumerate(chunks)]
    lower, upper = (np.concatenate(side) for side in zip(*found, strict=True))
    return {"lower holds": float((lower <= mean).mean()), "upper holds": float((upper >= mean).mean())}


def wider(sums: Floats, sizes: Floats, seed: int) -> tuple[Floats, Floats]:
    """As `checks.statistics.bounds.mean_bounds`, many draws at a time."""
    drawn, classic = bca(sums, sizes, CONFIDENCE, seed), student(sums, sizes, CONFIDENCE)
    return np.minimum(drawn[0], classic[0]), np.maximum(drawn[1], classic[1])


def of_shares() -> Iterator[Row]:
    """Exactly, summed over every outcome: what a network at the limit gets, and what Wilson would give it."""
    for limit, n in product((0.01, 0.05, 0.2), (59, 300)):
        chance = stats.binom.pmf(np.arange(n + 1), n, limit)
        gate, plot = ([bounds(k, n, CONFIDENCE) for k in range(n + 1)] for bounds in (share_bounds, wilson))
        shares = {**_verdicts(gate, chance, limit), **_verdicts(plot, chance, limit, "Wilson ")}
        yield Row(f"limit {limit:.0%}, {n} pictures", shares)


def _verdicts(bounds: Iterable[Bounds], chance: Floats, limit: float, prefix: str = "") -> dict[str, float]:
    """The chance of a PASS and of a FAIL, where PASS is an upper bound within the limit."""
    lower, upper = np.array(list(bounds)).T
    return {
        f"{prefix}false pass": float(chance[upper <= limit].sum()),
        f"{prefix}false fail": float(chance[lower > limit].sum()),
    }


def missed(
    sizes: NDArray[np.int64], share: float, kind: str, draws: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Misses in each cluster (draws, clusters): all or none with some noise, or beta-binomial."""
    shape = (draws, len(sizes))
    if kind.startswith("all or none"):
        noise = 0.01
        bad = rng.random(shape) < (share - noise) / (1 - noise)
        return rng.binomial(sizes, np.where(bad, 1.0, noise))
    correlation = float(kind)
    if correlation == 0:
        return rng.binomial(sizes, np.full(shape, share))
    strength = 1 / correlation - 1
    return rng.binomial(sizes, rng.beta(share * strength, (1 - share) * strength, shape))


KINDS = ("0", "0.2", "0.5", "0.9", "all or none + 1 %")


def of_clustered_shares(draws: int) -> Iterator[Row]:
    """A network at the limit, judged with the cluster column and without."""
    for limit, (title, sizes), kind in product((0.05, 0.1, 0.3), SIZES.items(), KINDS):
        n, cluster = int(sizes.sum()), np.repeat(np.arange(len(sizes)), sizes)
        total = missed(sizes, limit, kind, draws, np.random.default_rng(3)).sum(axis=1)
        counts, times = np.unique(total, return_counts=True)
        by_cluster = [share_bounds_by_cluster(np.arange(n) < k, cluster, CONFIDENCE) for k in counts]
        ignored = [share_bounds(int(k), n, CONFIDENCE) for k in counts]
        shares = {
            **_verdicts(by_cluster, times / draws, limit),
            **_verdicts(ignored, times / draws, limit, "without the column: "),
        }
        yield Row(f"limit {limit:.0%}, {title}, correlation {kind}", shares)


def of_power(draws: int) -> Iterator[Row]:
    """A network that misses a fifth of the limit: how often the gate passes it. What safety costs in clusters."""
    for limit, (title, sizes), kind in product((0.05, 0.1), SIZES.items(), ("0", "0.5")):
        n, cluster = int(sizes.sum()), np.repeat(np.arange(len(sizes)), sizes)
        total = missed(sizes, limit / 5, kind, draws, np.random.default_rng(9)).sum(axis=1)
        counts, times = np.unique(total, return_counts=True)
        upper = np.array([share_bounds_by_cluster(np.arange(n) < k, cluster, CONFIDENCE).upper for k in counts])
        yield Row(
            f"limit {limit:.0%}, {title}, correlation {kind}", {"pass": float(times[upper <= limit].sum() / draws)}
        )


def of_clustered_means(draws: int) -> Iterator[Row]:
    """A gate on the mean at its true value, judged with the cluster column and without (by t, since n is large)."""
    for (name, (shape, mean)), (title, sizes), correlation in product(SHAPES.items(), FEWER_SIZES.items(), (0.1, 0.5)):
        values = shape(alike(sizes, correlation, draws, np.random.default_rng(4)))
        sums = np.add.reduceat(values, np.r_[0, np.cumsum(sizes)[:-1]], axis=1)
        kept = _holds(sums, sizes.astype(np.float64), mean)
        lower, upper = student(values, np.ones(values.shape[1]), CONFIDENCE)
        shares = {
            "false pass": 1 - kept["lower holds"],
            "false fail": 1 - kept["upper holds"],
            "without the column: false pass": float((lower > mean).mean()),
            "without the column: false fail": float((upper < mean).mean()),
        }
        yield Row(f"{name}, {title}, correlation {correlation}", shares)


def of_paired_shares() -> Iterator[Row]:
    """Exactly: a candidate that is worse by just the margin, over all shares of pictures that it alone gets right."""
    for margin, n in product((0.02, 0.05, 0.1), (30, 62, 118, 223)):
        shares = {
            **_worst_nuisance(margin, n, CONTINUITY),
            **_worst_nuisance(margin, n, 0.0, "uncorrected: "),
        }
        yield Row(f"margin {margin:.0%}, {n} pictures", shares)


def _worst_nuisance(margin: float, n: int, correction: float, prefix: str = "") -> dict[str, float]:
    """The highest chance of a wrong verdict over P(better); the verdict is monotone in `worse`."""

    def bounds(worse: int, better: int) -> Bounds:
        return tango(worse, better, n, CONFIDENCE, correction)

    def not_passed(better: int) -> int:
        return _first(n - better + 1, lambda worse: not bounds(worse, better).upper < margin)

    def failed(better: int) -> int:
        return _first(n - better + 1, lambda worse: bounds(worse, better).lower > margin)

    better = np.arange(n + 1)
    passes, fails = np.array([[not_passed(c), failed(c)] for c in range(n + 1)]).T
    wrong = []
    for nuisance in np.r_[0, np.geomspace(1e-3, 0.4, 30)]:
        chance = stats.binom.pmf(better, n, nuisance)
        worse = stats.binom(n - better, (nuisance + margin) / (1 - nuisance))
        wrong.append((chance @ worse.cdf(passes - 1), chance @ worse.sf(fails - 1)))
    false_pass, false_fail = np.max(wrong, axis=0)
    return {f"{prefix}false pass": float(false_pass), f"{prefix}false fail": float(false_fail)}


def _first(end: int, holds: Callable[[int], bool]) -> int:
    """The first number in range(end) from which on it holds; end for none."""
    start = 0
    while start < end:
        middle = (start + end) // 2
        start, end = (start, middle) if holds(middle) else (middle + 1, end)
    return start


def of_clustered_paired_shares(draws: int) -> Iterator[Row]:
    """A candidate that is worse by just the margin where whole clusters turn, with the cluster column and without."""
    for margin, (title, sizes), kind in product((0.05, 0.1), SIZES.items(), ("0", "0.5", "all or none + 1 %")):
        rng, n, cluster = np.random.default_rng(5), int(sizes.sum()), np.repeat(np.arange(len(sizes)), sizes)
        better = missed(sizes, 0.03, "0.5", draws, rng)
        worse = np.minimum(missed(sizes, margin + 0.03, kind, draws, rng), sizes - better)
        truth = float((worse - better).sum() / (draws * n))
        pairs, times = np.unique(np.stack([worse.sum(axis=1), better.sum(axis=1)], axis=1), axis=0, return_counts=True)
        place = np.arange(n)
        by_cluster = [
            paired_share_bounds_by_cluster((place < b) * 1.0 - (place >= n - c), cluster, CONFIDENCE) for b, c in pairs
        ]
        ignored = [paired_share_bounds(int(b), int(c), n, CONFIDENCE) for b, c in pairs]
        shares = {
            **_verdicts(by_cluster, times / draws, truth),
            **_verdicts(ignored, times / draws, truth, "without the column: "),
        }
        yield Row(f"margin {margin:.0%}, {title}, correlation {kind}", shares)


def of_regressed_slices(draws: int) -> Iterator[Row]:
    """Ten slices, candidate and baseline alike: how often any slice is said to have regressed (Holm, 5 %)."""
    for (title, sizes), correlation in product(FEWER_SIZES.items(), (0.0, 0.5)):
        rng, cluster = np.random.default_rng(6), np.repeat(np.arange(len(sizes)), sizes)
        wrong = {"false accusation": 0, "without the column: false accusation": 0}
        for _ in range(draws):
            u = alike(sizes, correlation, 10, rng)
            difference = (u < 0.15) * 1.0 - (u > 0.85)
            by_vote = [regression_p(*votes(row, cluster)) for row in difference]
            by_picture = [regression_p(int((row > 0).sum()), int((row < 0).sum())) for row in difference]
            wrong["false accusation"] += bool(holm(by_vote).min() <= 0.05)
            wrong["without the column: false accusation"] += bool(holm(by_picture).min() <= 0.05)
        yield Row(f"{title}, correlation {correlation}", {name: times / draws for name, times in wrong.items()})


def of_tolerance(draws: int) -> Iterator[Row]:
    """How often 95 % of all pictures are at least at the lower bound, and at most at the upper one."""
    for n in (59, 93, 300):
        rng = np.random.default_rng(7)
        yield Row(f"{n} pictures", _contains(rng.random((draws, n)), None))
    for (title, sizes), correlation in product(
        {"60 x 10": equal(60, 10), "120 x 5": equal(120, 5)}.items(), (0.1, 0.9)
    ):
        u = alike(sizes, correlation, max(1, draws // 4), np.random.default_rng(8))
        cluster = np.repeat(np.arange(len(sizes)), sizes)
        naive = {f"without the column: {name}": share for name, share in _contains(u, None).items()}
        yield Row(f"{title}, correlation {correlation}", {**_contains(u, cluster), **naive})


def _contains(uniform: Floats, cluster: NDArray[np.int64] | None) -> dict[str, float]:
    found = [tolerance_bounds(row, 0.95, CONFIDENCE, cluster) for row in uniform]
    lower, upper = np.array([bounds for bounds in found if bounds is not None]).T
    return {"lower holds": float((lower <= 0.05).mean()), "upper holds": float((upper >= 0.95).mean())}


def show(title: str, rows: Iterable[Row]) -> None:
    click.echo(f"\n{title}")
    for row in rows:
        click.echo(f"  {row.case:<52}" + ", ".join(f"{name} {share:.3f}" for name, share in row.shares.items()))


@click.command()
@click.option("--draws", default=2000, show_default=True, help="Of each simulated case.")
@click.option("--resamples", default=999, show_default=True, help="Of each bootstrap.")
def main(draws: int, resamples: int) -> None:
    """Print how often each bound holds, and how often each gate errs at its limit."""
    bootstrap.RESAMPLES, bootstrap.BATCH = resamples, 50
    show("Share, exact", of_shares())
    show("Share, clusters", of_clustered_shares(draws))
    show("Share, clusters, a fifth of the limit", of_power(draws))
    show("Mean", of_means(draws))
    show("Mean, clusters", of_clustered_means(draws))
    show("Tolerance bound 95/95", of_tolerance(draws))
    show("Paired shares, exact, worst case", of_paired_shares())
    show("Paired shares, clusters", of_clustered_paired_shares(draws))
    show("Which slices regressed", of_regressed_slices(max(1, draws // 4)))


if __name__ == "__main__":
    main()
