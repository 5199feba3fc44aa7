"""What the cost of an audit is measured with: ratios of tasks in turn, honest loops, and a page whose tables hold."""

import re
import time

import pytest
import torch
from torch import nn

from benchmarks.cost import curve, loops, methods, networks, profile
from benchmarks.cost.clock import Spent, Timed, in_turn, milliseconds, ratio
from benchmarks.cost.page import Found, page


def test_a_ratio_is_of_the_same_round_and_of_a_picture() -> None:
    rounds = [{"a": Spent(wall, 4.0), "b": Spent(1.0, 2.0)} for wall in (1.0, 5.0, 2.0)]
    assert ratio(rounds, "a", "b") == (2.0, 1.0, 5.0, 2.0)
    assert str(ratio(rounds, "a", "b")) == "2.00 (1.00 to 5.00)"
    assert milliseconds(rounds, "a") == 4_000
    (turn,) = in_turn({"slow": Timed(lambda: time.sleep(0.05), 10)}, rounds=1)
    assert 0.005 <= turn["slow"].wall < 0.05


def network() -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    return nn.Sequential(*layers).eval().requires_grad_(False)


def test_the_best_loop_asks_about_every_picture_with_and_without_a_derivative() -> None:
    module, x = network(), torch.randn(40, 3, 16, 16)
    best = loops.best(module, x)
    asked: list[tuple[int, bool]] = []
    best.module.register_forward_pre_hook(lambda _, given: asked.append((len(given[0]), torch.is_grad_enabled())))
    best.gradient()
    best.forward()
    assert sum(n for n, differentiated in asked if differentiated) == 40
    assert sum(n for n, differentiated in asked if not differentiated) == 40
    assert best.how.endswith(f"batches of {best.size}")


def test_the_classic_loop_takes_one_picture_at_a_time_and_leaves_no_derivatives() -> None:
    module = network()
    sizes: list[int] = []
    module.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    loops.plain(module, torch.randn(3, 3, 16, 16)).one_by_one()
    assert sizes == [1, 1, 1]
    assert all(weight.grad is None and not weight.requires_grad for weight in module.parameters())


@pytest.mark.parametrize("rivals", [True, False])
def test_every_row_of_the_page_has_the_columns_of_its_head(rivals: bool) -> None:
    some = ratio([{"a": Spent(1.0, 1.0)}], "a", "a")
    text = page(
        "a machine",
        "resnet18",
        Found(
            [networks.Row("resnet18", 224, "folded", 41.5, some, some, some, some, some if rivals else None)],
            [methods.Row("gradient", 1, 1, 2.3, 1.0)],
            [profile.Row("resnet18", 96, 120, 2_500, 1.1, 1.2)],
            [curve.Row("gradient", 1_000, 3.2, 2.7, 700, 1.1)],
        ),
    )
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    assert len(tables) == 4
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
        assert len(table.splitlines()) == 3
    assert ("not installed" in text) is not rivals


def test_a_further_picture_is_one_beyond_the_smaller_run_of_the_same_kind() -> None:
    runs = [("gradient", 100, 4.0, 5.0), ("gradient", 1_000, 1.3, 0.95), ("default", 500, 20.0, 7.0)]
    rows = [curve.Row(kind, n, 1.0, ms, 600, kib) for kind, n, ms, kib in runs]
    first, further, other = curve.further(rows)
    assert first is other is None
    assert further == pytest.approx((1.0, 0.5))


def test_no_network_is_without_a_derivative() -> None:
    model = networks.audited("vit_b_16")
    assert all(part.weight.any() for part in model.module.modules() if isinstance(part, nn.Linear))
