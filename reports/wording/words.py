"""What a rule's wording is given and what it gives back."""

from collections.abc import Sequence
from typing import NamedTuple

from checks.table.evidence import Evidence
from checks.verdict import Verdict

ORIGINAL = "original"
"""Of a picture and its copies; what is counted where nothing but copies makes pictures dependent."""


DETECTS = (
    "The model detects objects. A picture is right where a detection of its label overlaps one of its boxes (IoU of 0.5"
    " or more), scores at least the working threshold, and scores more than those of other classes there."
)


class About(NamedTuple):
    """What sentences need beside the verdict."""

    confidence: float
    """Confidence of every bound."""
    cluster: str = "cluster"
    """What the settings' clusters are, as 'flight', or `ORIGINAL`: the noun for what would have to be added."""
    frame: tuple[int, int] | None = None
    """(height, width) of the network's input in pixels."""
    detects: bool = False
    """The network is a detector."""


def about(evidence: Evidence) -> About:
    """What the table says beside its verdicts."""
    column = evidence.cluster_column or ("cluster" if evidence.cluster is None else ORIGINAL)
    return About(evidence.confidence, column.replace("_", " "), evidence.frame, evidence.detects)


class FindingWords(NamedTuple):
    """One finding in words."""

    subject: str
    """What was judged, as 'gradient against centre'."""
    quantity: str
    """What the numbers are, with the unit where it is not plain."""
    sentence: str
    """At most 25 words: first what was seen, then the limit."""


class Words(NamedTuple):
    """One verdict in words."""

    question: str
    sentence: str
    """At most 25 words: first what was seen, then the limit."""
    next_step: str
    """What to do about it; '' for a PASS."""
    findings: tuple[FindingWords, ...]
    """In the verdict's order."""


def words_by_finding(verdict: Verdict, question: str, next_step: str, findings: Sequence[FindingWords]) -> Words:
    """The words of a verdict for which the finding that decides speaks."""
    return Words(question, deciding_sentence(verdict, findings), next_step, tuple(findings))


def deciding_sentence(verdict: Verdict, findings: Sequence[FindingWords]) -> str:
    """The sentence of the finding that decides; '' where none does. findings: in the verdict's order."""
    sentences = {finding.key: words.sentence for finding, words in zip(verdict.findings, findings, strict=True)}
    return sentences.get(verdict.decided_by or "", "")
