"""The result of an audit as values: what audit.json is, and what every format renders."""
