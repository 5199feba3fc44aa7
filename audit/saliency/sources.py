"""The maps that an audit makes: saliency methods and null maps, with their options, ready to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from audit import registry
from audit.choices import Reduction, Score
from audit.draws import draw
from audit.errors import AuditError
from audit.saliency.batch import Attribution, Batch, reduce_channels
from audit.settings_tables import MethodTable, SaliencyTable


@dataclass(frozen=True)
class Source:
    """One saliency method or null map as the settings ask for it."""

    name: str
    label: str
    function: registry.Function
    options: Mapping[str, Any]
    reduction: Reduction
    score: Score
    is_null: bool
    needs: frozenset[registry.Need]

    def drawn(self, total: int, seed: int) -> set[int]:
        """The numbers of the samples that it is made for: of so many as its option `pictures` says, else of all."""
        return draw(self.options.get("pictures"), total, seed)

    def ask(self, batch: Batch) -> tuple[Tensor, Attribution]:
        """The relevance maps (N, H, W), and what the method said beside them."""
        scored = batch if batch.score == self.score else replace(batch, score=self.score)
        answer = self.function(scored.of(scored.module) if "layers" in self.needs else scored, **self.options)
        attribution = answer if isinstance(answer, Attribution) else Attribution(answer)
        signed = attribution.signed.detach().to(batch.x.device)
        n, _, height, width = batch.x.shape
        needed = ((n, height, width),) if self.is_null else ((n, 1, height, width), tuple(batch.x.shape))
        if tuple(signed.shape) not in needed:
            raise AuditError(
                self.label, f"returns maps of shape {tuple(signed.shape)}", f"need {' or '.join(map(str, needed))}"
            )
        relevance = signed if self.is_null else reduce_channels(signed, self.reduction)
        if self.is_null and bool((relevance < 0).any()):
            raise AuditError(
                self.label, "returns a null map with negative values", "need relevance, which is never negative"
            )
        return relevance, attribution


def sources(table: SaliencyTable) -> tuple[Source, ...]:
    """The methods, then the null maps, in the settings' order. Raises AuditError for unknown names and options."""
    methods = tuple(_source("audit.saliency.methods", entry, table, is_null=False) for entry in table.methods)
    return methods + tuple(_source("audit.saliency.null_maps", entry, table, is_null=True) for entry in table.null_maps)


def _source(package: str, entry: MethodTable, table: SaliencyTable, *, is_null: bool) -> Source:
    function = registry.resolve(package, entry.name)
    options = registry.options(function, entry.options, f"{registry.noun(package)} {entry.name!r}", entry.keys)
    reduction, score = entry.reduction or table.reduction, entry.score or table.score
    needs = registry.needs(package, function)
    return Source(entry.name, entry.label, function, options, reduction, score, is_null, needs)
