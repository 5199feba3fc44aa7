"""Counting how often a network is asked."""

import copy
import io
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import nn

from audit.models.pass_counter import Passes
from fixtures.networks import in_place, program, ready

X = torch.randn(3, 3, 12, 12)


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = io.BytesIO()
        torch.jit.save(torch.jit.script(ready(in_place())), kept)
        kept.seek(0)
        loaded: nn.Module = torch.jit.load(kept)  # type: ignore[no-untyped-call]
    return loaded


KINDS: dict[str, Callable[[], nn.Module]] = {
    "module": lambda: ready(in_place()),
    "script": scripted,
    "exported program": lambda: program(ready(in_place()), X).module(),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_network_is_counted(kind: str) -> None:
    module = KINDS[kind]()
    with Passes(module) as passes:
        with torch.no_grad():
            module(X)
        module(X[:2])
        assert passes.take("pictures", 4) == ("pictures", 4, 5, 2)
        assert passes.take("more", 0) == ("more", 0, 0, 0)
    module(X)
    assert passes.take("after", 0) == ("after", 0, 0, 0)


@pytest.mark.slow
@pytest.mark.tor("TOR-019")
@pytest.mark.parametrize("kind", KINDS)
def test_the_hook_is_gone_after_an_exception(kind: str) -> None:
    module = KINDS[kind]()
    before = dict(module._forward_pre_hooks)
    with pytest.raises(KeyboardInterrupt), Passes(module):
        assert len(module._forward_pre_hooks) == len(before) + 1
        raise KeyboardInterrupt
    assert dict(module._forward_pre_hooks) == before


def test_a_counter_that_is_never_entered_leaves_no_hook() -> None:
    module = ready(in_place())
    passes = Passes(module)
    assert not module._forward_pre_hooks
    with pytest.raises(AttributeError), Passes(module, None):  # type: ignore[arg-type]
        raise AssertionError("not entered")
    assert not module._forward_pre_hooks
    with passes:
        assert len(module._forward_pre_hooks) == 1
    assert not module._forward_pre_hooks


def test_copies_are_counted_with_their_network() -> None:
    module, other = ready(in_place()), ready(in_place())
    with Passes(module, other) as passes:
        copied = copy.deepcopy(module)
        copied(X)
        other(X)
        assert passes.take("pictures", 3) == ("pictures", 3, 6, 6)


def test_a_network_that_fails_is_counted_and_left_alone() -> None:
    module = ready(in_place())
    with pytest.raises(RuntimeError), Passes(module) as passes:
        module(torch.randn(1, 4, 12, 12))
    assert passes.take("pictures", 1) == ("pictures", 1, 1, 1)
    assert not module._forward_pre_hooks
