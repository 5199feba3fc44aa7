"""Studies: experiments on a whole run, after its pictures. `def NAME(run: Plan, record: Record, *, options) -> Rows`.

What a study returns goes into the record in one transaction; a run that was broken off does an unfinished study again.
Controls that test the audit itself are studies, and so is the search for cues.
"""

NOUN = "study"
