"""Every command and every snippet of the README and of the guide is executed."""

import re
import shlex
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy
from torchvision import models

from audit.cli.main import INTERRUPTED, cli
from audit.cli.output import EXIT
from audit.datasets.preprocessing import Preprocessing
from checks.profile import load_profile
from fixtures.guide import TEXT
from fixtures.shapes import LABELS, write_shapes

EXECUTED = {"init", "inspect", "run", "verify", "check", "report", "list", "accept", "compare", "explain", "explore"}
"""The commands that the README shows at a prompt; `demo` has tests of its own."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def trained(images: Path) -> dict[str, Tensor]:
    """A ResNet-18 that knows the pictures by heart: what an untrained one says of them is a throw of the dice."""
    preprocessing = Preprocessing(resize=(64, 64))
    framed = [preprocessing.frame(Image.open(file), ()).pixels for file in sorted(images.glob("*.png"))]
    x = preprocessing.normalise(torch.stack(framed))
    target = torch.arange(len(x)) % len(LABELS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = models.resnet18(num_classes=len(LABELS))
    steps = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(30):
        steps.zero_grad()
        torch.autograd.backward(cross_entropy(network(x), target))
        steps.step()
    return dict(network.state_dict())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the README takes for granted: a data set, weights, a photograph."""
    write_shapes(tmp_path / "shapes", pictures=24)
    save_file(trained(tmp_path / "shapes" / "images"), tmp_path / "model.safetensors")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str) -> int:
    program, *arguments = shlex.split(command)
    assert program == "saliency-audit"
    return int(cli.main(arguments, standalone_mode=False) or 0)


@pytest.mark.slow
@pytest.mark.timeout(1200)  # it is the whole README
def test_commands_and_snippets_work_in_their_order(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = place / "cache" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    url = models.DenseNet201_Weights.DEFAULT.url
    torch.save(models.densenet201().state_dict(), cache / url.rpartition("/")[2])
    monkeypatch.setenv("TORCH_HOME", str(place / "cache"))
    (place / "photo.jpg").write_bytes((Path(__file__).parent.parent / "audit/demo/scene/000.jpg").read_bytes())
    judging = {1, 2, 3}  # twenty-four pictures are too few to PASS
    expected = {"run": judging, "check": judging, "report": judging, "compare": judging}
    commands = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    assert {command.split()[1] for command in commands} == EXECUTED
    settings, profile, domain, _gate = blocks("toml")
    (place / "mine.toml").write_text(profile)
    assert load_profile("mine.toml").rules["survives_other_placement"]["advisory"] is True
    (place / "domain.toml").write_text(domain)
    assert [parameter.name for parameter in load_profile("domain.toml").domain] == ["weather", "distance"]
    for command in commands:
        forced = " --force" if " accept " in command else ""  # what twenty-four pictures show is no PASS
        code = run(command + forced)
        assert code in expected.get(command.split()[1], {0}), command
        if " init " in command:
            (place / "audit.toml").write_text(settings)
    for folder in ("audit-1", "audit-1-again"):
        assert (place / folder / "report.html").stat().st_size > 10_000
        assert (place / folder / "audit.json").exists()
    assert (place / "tench.png").exists()
    assert (place / "photo-gradient.png").exists()
    for snippet in blocks("python"):
        exec(compile(snippet, "README.md", "exec"), {"__name__": "readme"})
    assert (place / "audit-3" / "report.html").exists()
    assert (place / "000-gradient.png").exists()
    assert (place / "audit-4" / "report.html").exists()


@pytest.mark.tor("TOR-067")
def test_exit_codes_are_those_of_the_program() -> None:
    stated = {int(code): text for code, text in re.findall(r"^\| (\d+) \| (.*?) \|$", TEXT, re.MULTILINE)}
    assert set(stated) == {*EXIT.values(), INTERRUPTED}
    for outcome, code in EXIT.items():
        assert outcome in stated[code]


DOCUMENTED = set(re.findall(r"saliency-audit ([a-z]+)", TEXT))


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_documented_and_has_help(command: str) -> None:
    assert command in DOCUMENTED
    assert cli.commands[command].help
