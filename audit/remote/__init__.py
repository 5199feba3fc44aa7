"""Data and weights at URLs: what they are called, how their bytes come, and where copies are kept."""
