"""The gate for pytest: settings files as tests, and a fixture for models under development.

Like the command line it knows all three packages, and nothing imports it but the hooks, `saliency_audit.pytest_plugin`.
What is slow to import is imported when an audit is asked for.
"""
