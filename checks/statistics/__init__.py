"""Confidence bounds and what they rest on. Everything rests on scipy."""
