"""Where the dial of the planted cue is finer."""

import pytest
import torch

from audit.experiments.planted_mark import planted_logits
from audit.experiments.planted_shares import STEEP, Asked, finer, reliance
from audit.record.planted_copies import copy_name
from checks.table.controls import Planted

SHARES = (0.0, 0.5, 0.55, 0.6, 1.0)


def test_where_the_reliance_leaps_hundredths_are_tried_and_thousandths() -> None:
    added = set(finer(SHARES, lambda share: float(share > 0.52))) - set(SHARES)
    assert added == {0.51, 0.52, 0.53, 0.54, *(round(0.52 + step / 1000, 3) for step in range(1, 10))}
    assert finer(SHARES, lambda share: float(share > 0.3)) == SHARES, "far apart, as somebody wanted them"
    assert finer(SHARES, lambda share: STEEP * share) == SHARES


def test_of_alike_margins_the_dial_finds_a_reliance_between_none_and_all() -> None:
    """Margins from 5 to 5.5: by twentieths none of the pictures turns or all do."""
    margins = torch.linspace(5, 5.5, 21, dtype=torch.float64)
    coarse = tuple(step / 20 for step in range(21))

    def turned(share: float) -> float:
        return float((5 * share > margins * (1 - share)).double().mean())

    assert {turned(share) for share in coarse} <= {0.0, 1.0}
    assert any(0.05 < turned(share) < 0.95 for share in finer(coarse, turned))


@pytest.mark.tor("TOR-036")
def test_the_reliance_is_the_share_of_right_answers_that_the_other_mark_turns() -> None:
    rng = torch.Generator().manual_seed(0)
    classes, strength, target = torch.arange(3), 2.0, torch.randint(0, 3, (40,), generator=rng)
    logits = torch.randn(40, 3, generator=rng, dtype=torch.float64)
    own = torch.nn.functional.one_hot(target, 3).double()
    other = own.roll(1, dims=1)

    def asked(d: torch.Tensor, part: slice) -> Asked:
        made = torch.ones(len(d[part]), dtype=torch.bool)
        return Asked(logits[part], {"linear": d[part], "saturating": 0 * d[part]}, classes, strength, made)

    parts = [slice(0, 25), slice(25, 40)]
    batches = [{("mark", "shown"): asked(own, part), ("mark", "other"): asked(other, part)} for part in parts]
    for lam in (0.0, 0.3, 0.7, 1.0):
        right = lost = 0
        for one, label, shown, changed in zip(logits, target.tolist(), own, other, strict=True):
            first, second = (planted_logits(one[None], d[None], classes, strength, lam)[0] for d in (shown, changed))
            right += int(first.argmax() == label)
            lost += int(first.argmax() == label != int(second.argmax()))
        found = reliance([target[part] for part in parts], batches, lam)
        assert found == pytest.approx(lost / right)
        assert (found > 0) == (lam > 0)


def test_copies_go_by_one_name_in_the_record_and_in_the_table() -> None:
    planted = Planted(("linear",), (0.5,), 1.0, (0, 0, 1, 1), 10)
    for share, name in ((0.0, "linear 0.00"), (0.05, "linear 0.05"), (0.735, "linear 0.735"), (1.0, "linear 1.00")):
        assert copy_name("linear", share) == planted.subject("linear", share) == name
