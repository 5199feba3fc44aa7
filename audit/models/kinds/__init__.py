"""Kinds of model file. `def NAME(*, options...) -> Model`, one file each; paths arrive resolved.

A kind opens the file as data, never as code that the settings did not name, and returns the bare network.
"""

NOUN = "model kind"
