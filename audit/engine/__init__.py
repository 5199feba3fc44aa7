"""The run: from settings to a finished record."""
