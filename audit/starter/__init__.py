"""What `init` makes of a data set: a settings file with every key, and what can be said of the data at once."""
