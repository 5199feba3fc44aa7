"""What `run` returns: the verdict, a table of the samples, and maps on demand. A notebook shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audit.engine.explained_samples import explained_sample
from audit.errors import AuditError, did_you_mean
from audit.explanation_set import Explanation
from audit.models.model import Model
from audit.phrases import count
from audit.settings import Settings
from checks.verdict import Outcome
from reports.notebook import result_html
from reports.plots import Plots
from reports.result.rows import Row
from reports.result.sample_table import SampleTable, sample_table
from reports.result.schema import Audit
from reports.wording.preflight import WordedPreflight
from reports.wording.worded import WordedJudgement, WordedVerdict


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured, for maps on demand."""

    settings: Settings
    model: Model | None
    device: str


@dataclass(frozen=True, eq=False)
class Result:
    """One audit. `folder` holds its evidence: report.html, audit.json, the record and the rest."""

    folder: Path
    judgement: WordedJudgement
    audit: Audit
    """What `audit.json` holds."""
    measured: Measured | None = None
    """None where the model is not at hand."""
    preflight: WordedPreflight | None = None
    """What this data could answer at best; None where it was not asked."""

    @property
    def outcome(self) -> Outcome:
        """PASS, FAIL, INCONCLUSIVE or INVALID."""
        return self.judgement.outcome

    @property
    def sentence(self) -> str:
        """The outcome in one plain sentence."""
        return self.judgement.sentence

    @cached_property
    def verdicts(self) -> Mapping[str, WordedVerdict]:
        """What each rule says, by the rule's name."""
        return {verdict.rule: verdict for verdict in self.judgement.verdicts}

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.folder / "report.html"

    @cached_property
    def samples(self) -> SampleTable:
        """One row for each measured sample: columns as arrays, or `.to_pandas()`."""
        return sample_table(self.audit)

    @property
    def plot(self) -> Plots:
        """Figures: `result.plot.reliance()`."""
        return Plots(self.judgement.verdicts)

    def maps(self, sample: int | str) -> dict[str, NDArray[np.float64]]:
        """Each method's map (H, W) of one sample, divided by its maximum, made anew.

        sample: its number, or its picture's name. Raises AuditError where there is no such sample, or no model.
        """
        return {method: shown.relevance for method, shown in self._explained(sample).items()}

    def show(self, sample: int | str, method: str | None = None) -> Explanation:
        """Picture, map and blend of one sample, which a notebook shows. method: by label; None: the first.

        Raises AuditError where there is no such sample or method, or no model.
        """
        explained = self._explained(sample)
        label = next(iter(explained)) if method is None else method
        if label not in explained:
            raise AuditError("method", f"no method {label!r} in this run", did_you_mean(label, explained))
        return explained[label]

    def _explained(self, sample: int | str) -> dict[str, Explanation]:
        if self.measured is None:
            raise AuditError("maps", "the model is not at hand", "need a result that `run` returned")
        row = self._row(sample)
        return explained_sample(self.measured.settings, self.measured.model, self.measured.device, row.sample)

    def _row(self, sample: int | str) -> Row:
        for row in self.audit.samples:
            if sample in (row.sample, row.image):
                return row
        names = [row.image for row in self.audit.samples]
        raise AuditError("sample", f"no measured sample {sample!r}", did_you_mean(str(sample), names))

    def __repr__(self) -> str:
        return f"Result({self.outcome}, {count(len(self.verdicts), 'rule')}, folder={str(self.folder)!r})"

    def _repr_html_(self) -> str:
        return result_html(self.outcome, self.sentence, self.judgement.verdicts, self.report)
