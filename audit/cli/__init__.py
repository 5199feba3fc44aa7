"""Commands, and how they answer. With `audit.__main__` the one place that knows all three packages."""
