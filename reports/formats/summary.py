"""`summary.md`: for a pull request."""

from reports.formats import Digests
from reports.result.assessment import Assessment
from reports.wording.markdown import markdown

FILE = "summary.md"


def summary(assessment: Assessment, digests: Digests) -> str:
    """Markdown: the verdict, right for the wrong reason, the limit of detection, the checks, the next step."""
    del digests
    return markdown(assessment.judgement, assessment.audit.controls.detection.sentence)
