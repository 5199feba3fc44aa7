"""Descriptors of a picture. `def NAME(view: View) -> Mapping[Quantity, Value]`, one file each.

A descriptor measures one or more quantities of one picture, without what the boxes cover. It leaves out a quantity that
this picture does not have: a cell that a box touches, a column without a value. Bytes are compared as they are, other
numbers in units of their deviation over the pictures, text for equality.
"""

NOUN = "descriptor"
