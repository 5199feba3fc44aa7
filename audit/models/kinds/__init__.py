"""Kinds of model file. `def NAME(*, options...) -> Model`, one file each; paths arrive resolved.

A kind opens the file as data, never as code that the settings did not name, and returns the bare network. It says
in the model's `capabilities` what this cannot do, and may give it a `check`, which sees what the network answers to the
first pictures, on the CPU. An option of the type Path is a file or folder; a kind whose option may be a name instead
declares `FILE_SUFFIXES`, by which the two are told apart. Where weights may be downloaded, `published(options...)`
beside it says how their pictures are prepared without a download, and None of what is a file. A kind whose files or
publisher may say what classes are called and how pictures are prepared declares `DESCRIBES_ITSELF = True`: of any other
the settings must say both, and a run refuses before it opens anything. Packages that it alone needs are an extra, asked
for by `extras.modules_of`.
"""

NOUN = "model kind"
