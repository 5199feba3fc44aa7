"""Samples of a record as layers for an image viewer: plain data, so that nothing here needs the viewer."""
