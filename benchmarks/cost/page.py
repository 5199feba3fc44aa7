"""docs/performance.md: the tables of one measurement."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from benchmarks.cost import curve, methods, networks, profile

LEAD = """\
# What an audit costs

Written by `python -m benchmarks.cost`, from one measurement. Ratios are those of tasks that took turns in one process:
their medians, and in brackets the least and the largest. Seconds depend on the machine and on what else it did; ratios
do less, but by a third where it had more to do than it has cores, as its load average says. Weights are random,
pictures are JPEG files of 500x375.

"""
NETWORKS = """\
## The gradient: files in, record out

The run reads the files, makes one map of each picture, scores it and three null maps, and writes the record; no
experiments. However many pictures there are, it starts up, and asks the network again about 96 of them, also in other
batches, orders and layouts: what a *further* picture takes is the difference to a run of 112. The best loop makes
forward pass and input gradient over tensors in memory, folded and laid out as suits the network best. The classic loop
takes a picture at a time with `.backward()`. Captum and Quantus make the same maps and four of the scores of tensors in
memory, without files or record.

| network | pictures | loop, ms | how | further / loop | processor | run / loop | run / forward | classic / loop | rivals / run |
|---|--:|--:|---|--:|--:|--:|--:|--:|--:|"""  # noqa: E501 one row of a table
METHODS = """\
## Methods

On {network}, at the methods' default options, `rise` and `occlusion` with fewer masks and windows. *Over its passes* is
the processor's time of a method, as a multiple of what its forward and backward passes take alone.

| method | forward passes | backward passes | forward passes that take as long | over its passes |
|---|--:|--:|--:|--:|"""
PROFILE = """\
## The profile `default`

All maps, interventions, controls and searches. Many of them are made of a draw of the pictures, so that the passes a
picture fall as the data set grows. *Over its passes* is the run, as a multiple of its passes in the best loop.

| network | pictures | passes a picture | ms a picture | over its passes | processor |
|---|--:|--:|--:|--:|--:|"""
CURVE = """\
## Many pictures

PNG files of 64x64 with a network that costs next to nothing: what is left is the audit's own work, of the gradient with
all scores, or of all that the profile `default` judges. A *further* picture is one beyond the run of the line before.

| audit | pictures | seconds | processor, ms a picture | a further one | peak memory, MiB | record, KiB a picture | a further one |
|---|--:|--:|--:|--:|--:|--:|--:|"""  # noqa: E501 one row of a table


class Found(NamedTuple):
    """What was measured."""

    of_networks: Sequence[networks.Row] = ()
    of_methods: Sequence[methods.Row] = ()
    of_profile: Sequence[profile.Row] = ()
    of_curve: Sequence[curve.Row] = ()


def page(machine: str, network: str, found: Found) -> str:
    """The whole page. network: the one that the methods were measured on."""
    parts = (
        [f"Machine: {machine}.", ""],
        _networks(found.of_networks),
        _methods(network, found.of_methods),
        _profile(found.of_profile),
        _curve(found.of_curve),
    )
    return LEAD + "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _networks(rows: Sequence[networks.Row]) -> Iterator[str]:
    return _table(
        NETWORKS,
        (
            (
                row.network,
                f"{row.pictures:,}",
                f"{row.loop_ms:.1f}",
                row.how,
                str(row.further),
                f"{row.further.processor:.2f}",
                str(row.to_loop),
                str(row.to_forward),
                str(row.classic),
                str(row.rivals or "not installed"),
            )
            for row in rows
        ),
    )


def _methods(network: str, rows: Sequence[methods.Row]) -> Iterator[str]:
    numbers = ((r.method, (r.forward, r.backward, r.equivalents), r.over_passes) for r in rows)
    cells = ((name, *(f"{n:.1f}" for n in passes), f"{over:.2f}") for name, passes, over in numbers)
    return _table(METHODS.format(network=network), cells)


def _profile(rows: Sequence[profile.Row]) -> Iterator[str]:
    return _table(
        PROFILE,
        (
            (
                row.network,
                f"{row.pictures:,}",
                f"{row.equivalents:.0f}",
                f"{row.ms:,.0f}",
                f"{row.over_passes:.2f}",
                f"{row.over_passes_processor:.2f}",
            )
            for row in rows
        ),
    )


def _curve(rows: Sequence[curve.Row]) -> Iterator[str]:
    return _table(
        CURVE,
        (
            (
                row.kind,
                f"{row.pictures:,}",
                f"{row.seconds:,.1f}",
                f"{row.ms:.2f}",
                f"{further[0]:.2f}" if further else "",
                f"{row.peak_mib:,.0f}",
                f"{row.record_kib:.2f}",
                f"{further[1]:.2f}" if further else "",
            )
            for row, further in zip(rows, curve.further(rows), strict=True)
        ),
    )


def _table(head: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Under a text that ends with the names of the columns."""
    yield head
    yield from (f"| {' | '.join(cells)} |" for cells in rows)
    yield ""
