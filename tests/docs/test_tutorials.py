"""The tutorial notebooks run as they are, from the first cell to the last."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("nbclient") is None or importlib.util.find_spec("ipykernel") is None:
    pytest.skip("needs nbclient and ipykernel (extra notebooks)", allow_module_level=True)

import nbformat
import torch
from nbclient import NotebookClient
from torchvision import models

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "tutorials"
NAMES = [path.stem for path in sorted(FOLDER.glob("*.ipynb"))]
INSTALL = 'if importlib.util.find_spec("saliency_audit") is None:\n    subprocess.run([sys.executable, "-m", "pip",'
SECONDS = 900
"""Of a whole notebook; about two minutes on a core of one's own."""


def notebook(name: str) -> Any:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def executed(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """All that the cells print and show as text."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    opened = notebook(name)
    resources = {"metadata": {"path": str(place)}}
    NotebookClient(opened, timeout=SECONDS, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in opened.cells for output in cell.get("outputs", [])]
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", "\n".join(texts)).replace("\r", "")


@pytest.mark.parametrize("name", NAMES)
def test_each_opens_as_it_is_and_is_kept_without_outputs(name: str) -> None:
    opened = notebook(name)
    nbformat.validate(opened)
    code = [cell for cell in opened.cells if cell.cell_type == "code"]
    assert INSTALL in code[0].source, "the first cell installs the package where it is missing"
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert opened.cells[0].source.startswith("# ")
    assert opened.metadata.kernelspec.name == "python3"


def test_they_lead_to_each_other() -> None:
    for name in NAMES:
        text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
        assert set(re.findall(r"(\w+)\.ipynb", text)) <= {*NAMES}
        assert ".ipynb)" not in text, "a link would lead nowhere in the site"


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
def test_saliency_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With DenseNet-201's random weights where the download would be."""
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    torch.save(models.densenet201().state_dict(), cache / models.DenseNet201_Weights.DEFAULT.url.rpartition("/")[2])
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    said = executed("saliency_maps", tmp_path, monkeypatch)
    assert "DenseNet knows ImageNet." in said
    assert re.search(r"^guided_backprop +[\d.-]+ +[\d.-]+$", said, re.MULTILINE)
    if importlib.util.find_spec("tensorflow") is None:
        assert "TensorFlow is not installed: this cell is skipped." in said


@pytest.mark.real
@pytest.mark.timeout(SECONDS)
def test_a_trained_network_s_guided_backprop_stays(real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTORIAL_SQUEEZENET", str(real / "squeezenet1_0.safetensors"))
    said = executed("saliency_maps", tmp_path, monkeypatch)
    kept = {name: float(last) for name, last in re.findall(r"^(\w+) +(-?[\d.]+) +\S+$", said, re.MULTILINE)}
    assert kept["guided_backprop"] > 0.7, kept
    assert kept["gradcam"] < kept["gradient"] < 0.6, kept


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
def test_audit_your_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = executed("audit_your_model", tmp_path, monkeypatch)
    assert "yolo: 150 samples, 150 with their picture" in said
    assert re.search(r"PASS The object carries [\d.]+ % of the evidence", said)
    assert (tmp_path / "audit-1" / "report.html").exists()


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
def test_find_and_mend_a_shortcut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = executed("find_and_mend_a_shortcut", tmp_path, monkeypatch)
    assert re.search(r"FAIL  no_shared_hotspot\n +\d of \d candidate cues are confirmed; .* at the top left", said)
    assert "top left" in said.partition("tell the label better than chance")[2], "inspect sees the mark"
    assert (tmp_path / "baseline.json").exists()
    assert "FAIL" in said.rpartition("compared/compare.html")[2], "the cheat is worse than the baseline"


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
def test_a_gate_in_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = executed("a_gate_in_ci", tmp_path, monkeypatch)
    green, _, red = said.partition("audit.toml: PASS, ")
    assert "FAILED" not in green
    assert (
        red.index(" passed in ") < red.index("audit.toml: FAIL, ") < red.index("FAILED audit.toml::no_shared_hotspot")
    )
