"""The names under which the record keeps the answers of planted copies."""


def copy_name(detector: str, share: float) -> str:
    """'linear 0.50', 'linear 0.735': the detector of a mark, and the mark's share of the evidence."""
    return f"{detector} {share:.3f}".removesuffix("0")
