"""`summary.md`: for a pull request."""

from reports.formats import Told
from reports.wording.markdown import markdown

FILE = "summary.md"


def summary(told: Told) -> str:
    """Markdown: the verdict, right for the wrong reason, the limit of detection, the checks, the next step."""
    return markdown(told.judgement, told.audit.controls.detection.sentence)
