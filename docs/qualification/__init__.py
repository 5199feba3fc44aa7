"""The qualification kit: see README.md."""
