"""The copy of the network that has learnt nothing."""

import copy
import io
import math
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from audit.errors import AuditError
from audit.models.model import freeze, state_hash
from audit.models.randomised import fresh, randomised
from audit.saliency.batch import dead
from fixtures import networks


def pictures(count: int = 6, side: int = 12, seed: int = 3) -> Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def exported(network: nn.Module) -> nn.Module:
    program = networks.program(network, pictures(2))
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    return torch.export.load(file).module()


def decomposed(network: nn.Module) -> nn.Module:
    program = networks.program(network, pictures(2))
    module: nn.Module = program.run_decompositions({}).module()
    return module


def scripted(network: nn.Module) -> nn.Module:
    return torch.jit.script(network)


def traced(network: nn.Module) -> nn.Module:
    return torch.jit.trace(network, pictures(2))  # type: ignore[no-any-return, no-untyped-call]


KINDS: list[Callable[[nn.Module], nn.Module]] = [lambda network: network, exported, decomposed, scripted, traced]


@pytest.fixture(params=KINDS, ids=["module", "exported", "decomposed", "scripted", "traced"])
def network(request: pytest.FixtureRequest) -> nn.Module:
    if request.param in (exported, decomposed):
        return copy.deepcopy(small_program(request.param))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converted: nn.Module = request.param(networks.ready(networks.in_place()))
    return converted


@cache
def small_program(convert: Callable[[nn.Module], nn.Module]) -> nn.Module:
    """Exported once, since that takes most of the time; its copy is a program too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return convert(networks.ready(networks.in_place()))


@pytest.mark.slow
@pytest.mark.tor("TOR-019", "TOR-032")
def test_the_original_is_left_as_it_was(network: nn.Module) -> None:
    x = pictures()
    before, logits = state_hash(network), network(x)
    copied = randomised(network, 0, [x])
    assert state_hash(network) == before
    assert torch.equal(network(x), logits)
    assert not torch.allclose(copied(x), logits, atol=0.1)


@pytest.mark.tor("TOR-032")
def test_the_copy_is_frozen_and_alive(network: nn.Module) -> None:
    copied = randomised(network, 0, [pictures()])
    assert not any(parameter.requires_grad for parameter in copied.parameters())
    assert not any(part.training for part in copied.modules())
    gradient = networks.batch_of(copied).plain.gradient
    assert not dead(gradient.abs().amax(dim=1)).any()


@pytest.mark.tor("TOR-032")
def test_the_same_seed_gives_the_same_copy(network: nn.Module) -> None:
    hashes = [state_hash(randomised(network, seed, [pictures()])) for seed in (1, 1, 2)]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.slow
def test_all_kinds_of_the_same_network_get_the_same_weights() -> None:
    plain = networks.ready(networks.in_place())
    first, second = randomised(plain, 5, [pictures()]), randomised(exported(plain), 5, [pictures()])
    torch.testing.assert_close(first.state_dict(), dict(second.state_dict()))
    torch.testing.assert_close(first(pictures()), second(pictures()))


def test_layers_of_one_shape_get_different_weights() -> None:
    network = nn.Sequential(nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 3))
    weights = [value for name, value in randomised(network, 0, None).named_parameters() if name.endswith("weight")]
    assert abs(torch.corrcoef(torch.stack([weight.flatten() for weight in weights]))[0, 1].item()) < 0.15


@pytest.mark.tor("TOR-032")
@pytest.mark.parametrize(
    ("name", "shape", "deviation"),
    [
        ("fc.weight", (400, 100), math.sqrt(2 / 100)),
        ("conv.weight", (64, 32, 3, 3), math.sqrt(2 / (32 * 9))),
        ("depthwise.weight", (512, 1, 3, 3), math.sqrt(2 / 9)),
        ("attention.in_proj_weight", (192, 64), math.sqrt(2 / 64)),
        ("head.weight", (1, 4096), math.sqrt(2 / 4096)),
        ("encoder.pos_embedding", (1, 50, 100), 0.02),
        ("class_token", (1, 1, 4096), 0.02),
        ("layer_scale", (4096, 1, 1), 0.02),
    ],
)
def test_weights_have_the_deviation_of_their_kind(name: str, shape: tuple[int, ...], deviation: float) -> None:
    drawn = fresh(name, shape, 0)
    assert drawn.std().item() == pytest.approx(deviation, rel=0.06)
    assert drawn.mean().item() == pytest.approx(0, abs=deviation / 10)


@pytest.mark.parametrize(
    ("name", "value"),
    [("bn.weight", 1), ("ln.gamma", 1), ("bn.bias", 0), ("attention.in_proj_bias", 0), ("ln.beta", 0)],
)
def test_scales_are_one_and_shifts_zero(name: str, value: float) -> None:
    assert torch.equal(fresh(name, (7,), 0), torch.full((7,), float(value)))


def test_batch_norm_statistics_are_the_mean_over_the_calibration_batches() -> None:
    batches = [pictures(4, seed=1), pictures(4, seed=2), pictures(4, seed=3)]
    plain = networks.ready(networks.in_place())
    found = randomised(plain, 0, iter(batches))
    expected = copy.deepcopy(found)
    norms = [part for part in expected.modules() if isinstance(part, nn.BatchNorm2d)]
    seen: dict[nn.Module, list[tuple[Tensor, Tensor]]] = {norm: [] for norm in norms}
    for x in batches:
        flow = x
        for layer in expected.children():  # each batch is normalised with its own statistics
            if isinstance(layer, nn.BatchNorm2d):
                mean, var = flow.mean(dim=(0, 2, 3)), flow.var(dim=(0, 2, 3), correction=0)
                seen[layer].append((mean, var))
                flow = (flow - mean[:, None, None]) / torch.sqrt(var[:, None, None] + layer.eps)
            else:
                flow = layer(flow)
    for norm, result in zip(norms, [part for part in found.modules() if isinstance(part, nn.BatchNorm2d)], strict=True):
        means, variances = (torch.stack(values).mean(0) for values in zip(*seen[norm], strict=True))
        torch.testing.assert_close(result.running_mean, means, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(result.running_var, variances, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_statistics_are_re_estimated_in_programs_too() -> None:
    plain = networks.ready(networks.in_place())
    expected = randomised(plain, 0, [pictures()]).state_dict()
    for convert in (exported, decomposed):
        found = randomised(convert(plain), 0, [pictures()]).state_dict()
        assert expected["1.running_var"].std() > 0.01
        torch.testing.assert_close(found["1.running_var"], expected["1.running_var"])
        torch.testing.assert_close(found["4.running_mean"], expected["4.running_mean"])


class WritingIntoItsInput(nn.Module):
    """Normalises its pictures in place."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.last = nn.Linear(432, 5)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.last(self.norm(x.add_(1)).flatten(1))
        return logits


def test_a_copy_that_writes_into_its_input_leaves_the_calibration_as_it_was() -> None:
    calibration = pictures()
    first, again = (randomised(WritingIntoItsInput().eval(), 0, [calibration]).state_dict() for _ in range(2))
    assert torch.equal(calibration, pictures())
    assert torch.equal(first["norm.running_mean"], again["norm.running_mean"])


def test_dropout_stays_out_of_the_calibration() -> None:
    network = nn.Sequential(nn.Dropout(0.9), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(432, 5))
    ones = torch.ones(4, 3, 12, 12)
    assert randomised(network.eval(), 0, [ones]).state_dict()["1.running_mean"].tolist() == [1.0, 1.0, 1.0]


def test_a_shared_weight_stays_shared() -> None:
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    network[1].weight = network[0].weight
    copied: Any = randomised(network, 0, None)
    assert copied[0].weight is copied[1].weight


def test_a_frozen_program_is_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.jit.freeze(torch.jit.script(networks.ready(networks.in_place())))
    with pytest.raises(AuditError, match="no parameters that could be randomised; need weights that are not frozen"):
        randomised(program, 0, None)


class Uncopyable(nn.Module):
    def __deepcopy__(self, memo: Any) -> nn.Module:
        raise TypeError("cannot pickle 'generator' object")


def test_a_network_that_cannot_be_copied_is_refused() -> None:
    with pytest.raises(AuditError, match=r"when the network is copied.*cannot pickle 'generator' object"):
        randomised(Uncopyable(), 0, None)


@pytest.mark.tor("TOR-032")
@pytest.mark.parametrize(
    "name",
    [
        "squeezenet1_1",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("resnet18", "mobilenet_v2", "densenet121", "vit_b_32", "vgg11", "convnext_tiny", "swin_t")
        ),
    ],
)
@pytest.mark.parametrize("side", [96, 224])
def test_random_copies_of_torchvision_are_alive(name: str, side: int) -> None:
    sized = {"image_size": side} if name.startswith("vit") else {}
    network = freeze(models.get_model(name, weights=None, **sized))
    copied = randomised(network, 0, [pictures(4, side)])
    batch = networks.batch_of(copied, pictures=2, side=side)
    gradient = batch.plain.gradient
    assert not dead(gradient.abs().amax(dim=1)).any()
    assert batch.logits.abs().max() < 1e4


class Halved(nn.Module):
    """Convolutions in half precision inside, as many networks are served."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.inner(x).float()  # type: ignore[no-any-return]


def test_a_batch_norm_under_autocast_is_estimated_again() -> None:
    torch.manual_seed(0)
    network = Halved().eval()
    network(pictures())
    copied = randomised(network, 0, [pictures()])
    assert not torch.equal(copied.get_buffer("inner.1.running_mean"), torch.zeros(4))
    assert torch.isfinite(copied(pictures())).all()


class Remembering(nn.Module):
    """A hook that closes over the wrapper: that of a copy writes into the original."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(3, 2, 3)
        self.seen: dict[str, Tensor] = {}
        self.inner.register_forward_hook(lambda module, given, output: self.seen.__setitem__("o", output))

    def forward(self, x: Tensor) -> Tensor:
        self.inner(x)
        return self.seen.pop("o").mean(dim=(2, 3))


@pytest.mark.tor("TOR-051")
def test_a_network_whose_copy_does_not_stand_alone_is_refused() -> None:
    with pytest.raises(AuditError, match="a copy of the network raises KeyError: 'o'; need a network of which a deep"):
        randomised(Remembering().eval(), 0, [pictures()])


class Raising(nn.Linear):
    def __deepcopy__(self, memo: Any) -> nn.Module:
        raise KeyError("o")


def test_whatever_a_copy_raises_is_said() -> None:
    with pytest.raises(AuditError, match=r"raises KeyError when the network is copied: 'o'"):
        randomised(nn.Sequential(nn.Flatten(), Raising(3, 2)), 0, None)
