"""The door to the product. `audit`, `checks` and `reports` are common names; this one a user's repository hardly has.

The command line, `python -m audit` and the pytest plugin come in here, so that they find the packages of the product
whatever folders lie in the current folder, on `sys.path`, or were imported before.
"""

from saliency_audit.packages import own_packages

__all__ = ["own_packages"]
