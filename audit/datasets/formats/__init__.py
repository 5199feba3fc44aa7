"""Dataset formats. `def NAME(annotations: Path, images: Images, *, options...) -> Dataset`, one file each.

`annotations` is the file or folder that the settings name, or a copy of what lies at a URL; `images` the folder below
which every picture must lie: a Path, or of a URL a RemoteFolder, which `audit.datasets.picture_paths` takes likewise.
A format yields `audit.datasets.annotation.Annotation` and leaves all judgement to `audit.datasets.gather.gather`,
which makes the `audit.datasets.sample.Dataset`.
A file that cannot be read as a whole raises AuditError; a line that cannot be used excludes its sample.
`READS_PICTURES = True` beside it says that what it makes of the annotations depends on the folder `images`.
`ENDINGS` beside it are those that annotations of the format usually have.
`def class_order(annotations)` beside it returns the labels in the order in which the annotations list them.
`WITH_PICTURES = True` beside it says that its annotations lie with the pictures: of URLs it gets both as folders.
`BOXES = False` beside it says that its samples have no boxes: it is looked for last, in the folder that is asked for.
"""

NOUN = "dataset format"
