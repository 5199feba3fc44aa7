"""The names of variants."""

import pytest

from checks.table.variants import Variant, read_variant


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("noise", Variant("noise")),
        ("blur elsewhere", Variant("blur", elsewhere=True)),
        ("other 12", Variant("other", number=12)),
        ("same 1", Variant("same", number=1)),
        ("other one", Variant("other one")),
        ("elsewhere", Variant("elsewhere")),
        ("", Variant("")),
    ],
)
def test_a_name_says_kind_number_and_place(name: str, variant: Variant) -> None:
    assert read_variant(name) == variant
