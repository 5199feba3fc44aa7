"""Grad-CAM: the map, and the choice of the layer."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models

from audit.errors import AuditError
from audit.models.model import freeze
from audit.saliency.batch import Attribution, Batch, dead
from audit.saliency.methods.gradcam import gradcam, layout_of
from fixtures import networks


def textbook(batch: Batch, layer: str, extra: int = 0, grid: tuple[int, int] | None = None) -> Tensor:
    """One picture at a time: two hooks, a backward pass, a loop over channels."""
    maps = []
    for picture, target in zip(batch.x, batch.target, strict=True):
        kept: list[Tensor] = []

        def keep(module: nn.Module, args: Any, output: Tensor, kept: list[Tensor] = kept) -> Tensor:
            output.retain_grad()
            kept.append(output)
            return output.clone()

        handle = batch.module.get_submodule(layer).register_forward_hook(keep)
        leaf = picture.unsqueeze(0).clone().requires_grad_()
        torch.log_softmax(batch.module(leaf), dim=1)[0, target].backward()  # type: ignore[no-untyped-call]
        handle.remove()
        assert kept[-1].grad is not None
        activation, slope = kept[-1].detach()[0], kept[-1].grad[0]
        if grid is not None:
            activation, slope = (t[extra:].T.reshape(-1, *grid) for t in (activation, slope))
        cam = torch.zeros(activation.shape[1:])
        for channel in range(len(activation)):
            cam += slope[channel].mean() * activation[channel]
        maps.append(F.interpolate(torch.relu(cam)[None, None], picture.shape[1:], mode="bilinear")[0])
    return torch.stack(maps)


@pytest.mark.tor("TOR-016")
@pytest.mark.parametrize(
    ("network", "layer"),
    [(networks.in_place, "5"), (networks.Functional, "fifth"), (networks.Shared, "third"), (networks.smooth, "1")],
)
def test_against_the_textbook(network: Callable[[], nn.Module], layer: str) -> None:
    batch = networks.batch_of(networks.ready(network()))
    found = gradcam(batch)
    assert found.per_run == {"layer": layer}
    torch.testing.assert_close(found.signed, textbook(batch, layer), rtol=1e-4, atol=1e-7)


@pytest.mark.tor("TOR-016")
@pytest.mark.parametrize("layer", ["0", "1", "2", "3", "4"])
def test_a_named_layer_is_taken_and_in_place_relus_after_it_do_no_harm(layer: str) -> None:
    batch = networks.batch_of(networks.ready(networks.in_place()))
    found = gradcam(batch, layer=layer)
    assert found.per_run == {"layer": layer}
    torch.testing.assert_close(found.signed, textbook(batch, layer), rtol=1e-4, atol=1e-7)


def test_a_shared_layer_means_its_last_call() -> None:
    batch = networks.batch_of(networks.ready(networks.Shared()))
    torch.testing.assert_close(gradcam(batch, layer="relu").signed, textbook(batch, "relu"), rtol=1e-4, atol=1e-7)


def test_the_last_call_of_a_shared_layer_counts_for_the_choice() -> None:
    class Ending(networks.Shared):
        def forward(self, x: Tensor) -> Tensor:
            x = self.second(self.relu(self.first(x)))
            head: Tensor = self.head(self.relu(self.third(x)).mean(dim=(2, 3)))
            return head

    assert gradcam(networks.batch_of(networks.ready(Ending()))).per_run == {"layer": "relu"}


def test_a_transformer_gets_its_last_layer_of_patches() -> None:
    batch = networks.batch_of(networks.ready(networks.vit()))
    layer = "encoder.layers.encoder_layer_1.ln_1"
    found = gradcam(batch)
    assert found.per_run == {"layer": layer}
    torch.testing.assert_close(found.signed, textbook(batch, layer, extra=1, grid=(3, 3)), rtol=1e-4, atol=1e-7)


@pytest.mark.tor("TOR-016")
def test_captum_agrees() -> None:
    class LogProbabilities(nn.Module):
        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: Tensor) -> Tensor:
            return torch.log_softmax(self.network(x), dim=1)

    batch = networks.batch_of(networks.ready(networks.smooth()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        attr = pytest.importorskip("captum.attr")
        cam = attr.LayerGradCam(LogProbabilities(batch.module), batch.module.get_submodule("1"))
        signed = cam.attribute(batch.x.clone(), target=batch.target, relu_attributions=True)
    expected = F.interpolate(signed.detach(), (12, 12), mode="bilinear")
    torch.testing.assert_close(gradcam(batch).signed, expected, rtol=1e-4, atol=1e-7)


def test_the_choice_is_kept_for_every_batch() -> None:
    network = networks.ready(networks.Functional())
    searched = []
    network.register_forward_hook(lambda *_: searched.append(1))
    gradcam(networks.batch_of(network))
    assert len(searched) == 2
    gradcam(networks.batch_of(network, pictures=1))
    assert len(searched) == 3


def test_a_map_that_is_negative_everywhere_is_dead() -> None:
    network = nn.Sequential(nn.Conv2d(3, 1, 1), nn.Softplus(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 5))
    batch = networks.batch_of(networks.ready(network), pictures=5)
    result = gradcam(batch).signed
    silent = dead(result[:, 0])
    assert 0 < silent.sum() < 5
    torch.testing.assert_close(result, textbook(batch, "1"))


@pytest.mark.tor("TOR-016")
def test_unknown_and_unusable_layers() -> None:
    batch = networks.batch_of(networks.ready(networks.Functional()))
    with pytest.raises(AuditError, match=r"gradcam: no layer 'fift'; did you mean 'fifth'\?"):
        gradcam(batch, layer="fift")
    with pytest.raises(AuditError, match=r"layer 'head' gives no map.*Leave `layer` out to take 'fifth'"):
        gradcam(batch, layer="head")
    transformer = networks.batch_of(networks.ready(networks.vit()))
    with pytest.raises(AuditError, match=r"'encoder.layers.encoder_layer_1' gives no map that the score depends on"):
        gradcam(transformer, layer="encoder.layers.encoder_layer_1")


@pytest.mark.slow
def test_programs_are_refused() -> None:
    plain = networks.batch_of(networks.ready(networks.in_place()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        programs = [
            networks.program(plain.module, plain.x).module(),
            torch.jit.script(plain.module),
            torch.jit.trace(plain.module, plain.x),  # type: ignore[no-untyped-call]
        ]
    for program in programs:
        with pytest.raises(AuditError, match="no layer whose output is a map"):
            gradcam(networks.batch_of(program))


@pytest.mark.parametrize(
    ("shape", "grids", "expected"),
    [
        ((2, 16, 7, 7), [], ("channels first", (7, 7), 0)),
        ((2, 7, 7, 16), [], ("channels last", (7, 7), 0)),
        ((2, 7, 7, 7), [], ("channels first", (7, 7), 0)),
        ((2, 16, 1, 1), [], None),
        ((2, 49, 16), [], ("tokens", (7, 7), 0)),
        ((2, 50, 16), [], ("tokens", (7, 7), 1)),
        ((2, 54, 16), [(14, 14), (7, 7)], ("tokens", (7, 7), 5)),
        ((2, 197, 16), [(14, 14), (7, 7)], ("tokens", (14, 14), 1)),
        ((2, 64, 49), [(7, 7)], None),
        ((2, 16), [], None),
        ((2, 3, 224), [], None),
        ((2, 1, 16), [], None),
    ],
)
def test_layouts(shape: tuple[int, ...], grids: list[tuple[int, int]], expected: tuple[Any, ...] | None) -> None:
    layout = layout_of(shape, (3, 224, 224), grids)
    assert (layout and (layout.order, layout.grid, layout.extra)) == expected


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        (set(), "channels first"),
        ({"channels first"}, "channels first"),
        ({"channels last"}, "channels last"),
        ({"channels first", "channels last"}, "channels first"),
    ],
)
def test_where_the_shape_leaves_a_doubt_earlier_layers_decide(orders: set[str], expected: str) -> None:
    layout = layout_of((2, 7, 7, 7), (3, 224, 224), [], orders)
    assert layout and layout.order == expected
    certain = layout_of((2, 16, 7, 7), (3, 224, 224), [], orders)
    assert certain and certain.order == "channels first"


class ByPixel(nn.Module):
    """Computes with channels last, and has as many of them as rows and columns."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Linear(3, 6), nn.Linear(6, 4), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.second(self.first(x.permute(0, 2, 3, 1)).relu())
        logits: torch.Tensor = self.head(maps.square().mean(dim=(1, 2)))
        return logits


def test_as_many_channels_as_rows_and_columns_are_not_taken_for_rows() -> None:
    torch.manual_seed(2)
    module = ByPixel().eval()
    x = torch.rand(2, 3, 4, 4)
    batch = Batch(module, x, torch.tensor([0, 1]), torch.zeros(3), torch.ones(3), (0, 1))
    maps = module.second(module.first(x.permute(0, 2, 3, 1)).relu()).detach()
    leaf = maps.requires_grad_()
    score = module.head(leaf.square().mean(dim=(1, 2))).log_softmax(dim=1)[[0, 1], [0, 1]].sum()
    (gradient,) = torch.autograd.grad(score, leaf)
    expected = torch.stack(
        [sum(gradient[n, :, :, c].mean() * leaf[n, :, :, c].detach() for c in range(4)).clamp(min=0) for n in range(2)]
    )
    ours = gradcam(batch)
    assert ours.per_run["layer"] == "second"
    torch.testing.assert_close(ours.signed.squeeze(1) / ours.signed.amax(), expected / expected.amax())


def test_wide_pictures_have_wide_maps() -> None:
    layout = layout_of((2, 3, 3, 2), (3, 96, 64), [])
    assert layout and (layout.order, layout.grid) == ("channels first", (3, 2))


TORCHVISION = [
    ("resnet18", 64, "layer4"),
    ("mobilenet_v2", 64, "features"),
    ("squeezenet1_1", 64, "classifier.2"),
    ("densenet121", 64, "features"),
    ("vgg11", 64, "avgpool"),
    ("convnext_tiny", 64, "features"),
    ("efficientnet_b0", 64, "features"),
    ("swin_t", 64, "permute"),
    ("vit_b_32", 224, "encoder.layers.encoder_layer_11.ln_1"),
]


@pytest.mark.tor("TOR-016")
@pytest.mark.slow
@pytest.mark.parametrize(("name", "side", "layer"), TORCHVISION)
def test_layers_of_torchvision(name: str, side: int, layer: str) -> None:
    network = freeze(models.get_model(name, weights=None))
    if name.startswith("vit"):  # torchvision starts the head at zero
        nn.init.normal_(network.get_parameter("heads.head.weight"))
    batch = networks.batch_of(network, pictures=1, side=side)
    found: Attribution = gradcam(batch)
    assert found.per_run == {"layer": layer}
    assert found.signed.shape == (1, 1, side, side)
