"""Relevance maps, and how much of them lies on the object."""
