"""Controls: experiments on a whole run that test the audit itself. `def NAME(run, record, *, options) -> Rows`.

They run after the pictures. What a control returns goes into the record in one transaction; a run that was broken off
does an unfinished one again.
"""

NOUN = "control"
