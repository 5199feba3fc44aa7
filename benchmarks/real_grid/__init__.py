"""The real grid: networks of known reliance on frozen real networks, audited on real photographs.

Each network is a frozen backbone with a linear head, which is a blend of a head for the object and a head for a cue.
Its true reliance is measured on photographs that are not audited.
"""
