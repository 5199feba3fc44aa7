"""The page on which a reader explores a record: every sample, its map, and the answers of its experiments."""
