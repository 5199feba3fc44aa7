"""The gate for pytest: settings files as tests, and a fixture for models under development.

Like the command line it knows all three packages, and nothing imports it. pytest loads `plugin` in every project of
an environment, so that what is slow to import is imported when an audit is asked for.
"""
