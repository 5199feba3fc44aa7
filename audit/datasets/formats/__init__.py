"""Dataset formats. `def NAME(annotations: Path, images: Path, *, options...) -> Dataset`, one file each.

`annotations` is the file or folder that the settings name, `images` the folder below which every picture must lie.
A format converts boxes and paths to the conventions of `audit.datasets.sample` and leaves all judgement to `gather`.
A file that cannot be read as a whole raises AuditError; a line that cannot be used excludes its sample.
`ENDINGS` beside it are those that annotations of the format usually have.
"""

NOUN = "dataset format"
