"""Annotated pictures: from files on the disk to samples, exclusions and batches in the frame of the network's input."""
