"""LOOK: models and pictures in, one record out. The only package of the three that needs torch."""
