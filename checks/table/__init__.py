"""The record as columns, the form in which rules read it."""
