"""The engine, from files to a finished record."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from audit.datasets.labels import ClassName
from audit.datasets.preprocessing import Preprocessing
from audit.draws import draw
from audit.engine.measure import measure
from audit.errors import AuditError
from audit.models.model import Model, state_hash
from audit.record.map_readers import read_scores, read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import count_samples, read_done
from audit.settings import Settings, load_settings, parse_settings
from audit.settings_tables import ModelTable, NamedTable
from checks import judge
from fixtures.scene import write_scene
from fixtures.shapes import network, write_shapes

TABLES = {
    "sample": "id",
    "picture": "sample",
    "score": "sample, source",
    "note": "sample, source, name",
    "exclusion": "image, label",
    "thumbnail": "sample, layer",
    "answer": "subject, sample, intervention, variant",
    "grid": "sample",
    "cue": "id",
    "crop": "cue, number",
    "cascade": "method, stage, sample",
    "repeat": "sample, intervention, variant, way",
    "map_repeat": "sample, source, way",
    "passes": "rowid",
    "meta": "key",
}


def contents(path: Path) -> dict[str, list[Any]]:
    with Record.open(path) as record:
        found = {table: record.columns(f"SELECT * FROM {table} ORDER BY {order}") for table, order in TABLES.items()}
    return {table: [_comparable(column) for column in columns.values()] for table, columns in found.items()}


def _comparable(column: np.ndarray) -> list[Any]:
    """A number that is none is the same as another that is none."""
    return [None if value != value else value for value in column.tolist()]  # noqa: PLR0124


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(write_shapes(tmp_path / "data"))


@pytest.fixture
def whole(tmp_path: Path) -> Settings:
    """With the default interventions and studies."""
    return load_settings(write_shapes(tmp_path / "whole", experiments=True))


@pytest.fixture
def record(settings: Settings, tmp_path: Path) -> Path:
    return measure(settings, tmp_path / "out")


def changed(settings: Settings, **tables: dict[str, Any]) -> Settings:
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=table) for name, table in tables.items()}
    )


@pytest.mark.slow
def test_the_record_holds_what_the_slow_way_finds(record: Path, settings: Settings) -> None:
    model = network().eval()
    with Record.open(record) as opened:
        rows = opened.columns(
            "SELECT s.image, s.class, s.boxes, p.*, c.mass, c.auc FROM sample s JOIN picture p ON p.sample = s.id"
            " JOIN score c ON c.sample = s.id WHERE c.source = 'gradient' ORDER BY s.id"
        )
        assert len(rows["image"]) == 11
        assert opened.meta("finished")["state_unchanged"] is True
        assert opened.meta("model")["state_sha256"] == state_hash(network())
    for i, image in enumerate(rows["image"]):
        pixels = np.asarray(Image.open(settings.folder / "images" / image)) / 255
        x = torch.tensor((pixels - 0.5) / 0.25, dtype=torch.float32).permute(2, 0, 1)[None].requires_grad_()
        logits = model(x)
        logits.log_softmax(1)[0, int(rows["class"][i])].backward()
        assert x.grad is not None
        relevance = x.grad[0].abs().amax(0).numpy()
        ((x0, y0, x1, y1),) = json.loads(rows["boxes"][i])
        inside = np.zeros_like(relevance, bool)
        inside[int(y0) : int(y1), int(x0) : int(x1)] = True
        pairs = relevance[inside][:, None], relevance[~inside][None]
        auc = ((pairs[0] > pairs[1]) + 0.5 * (pairs[0] == pairs[1])).mean()
        assert rows["mass"][i] == pytest.approx(relevance[inside].sum() / relevance.sum(), rel=1e-4)
        assert rows["auc"][i] == pytest.approx(auc, abs=1e-4)
        assert rows["area_share"][i] == pytest.approx(64 / 576)
        assert rows["probability"][i] == pytest.approx(logits.softmax(1)[0, int(rows["class"][i])].item(), rel=1e-5)
        assert rows["predicted"][i] == logits.argmax().item()


@pytest.mark.slow
@pytest.mark.tor("TOR-020")
def test_every_source_scores_every_picture(record: Path) -> None:
    with Record.open(record) as opened:
        found = opened.columns("SELECT source, count(*) AS n, sum(dead) AS dead FROM score GROUP BY source")
    assert dict(zip(found["source"], found["n"], strict=True)) == dict.fromkeys(
        ["centre", "edges", "gradient", "integrated_gradients", "random_model", "smoothgrad", "uniform"], 11
    )
    assert found["dead"].sum() == 0


@pytest.mark.slow
@pytest.mark.tor("TOR-053")
def test_a_broken_off_run_resumes_to_the_same_record(whole: Settings, tmp_path: Path) -> None:
    class Killed(Exception):  # noqa: N818
        pass

    expected = contents(measure(whole, tmp_path / "out"))
    for after in (4, 11):  # among the pictures, and before the studies

        def kill(done: int, total: int, what: str, share: float, after: int = after) -> None:
            if done == after:
                raise Killed

        with pytest.raises(Killed):
            measure(whole, tmp_path / f"cut {after}", progress=kill)
        assert contents(measure(whole, tmp_path / f"cut {after}", resume=True)) == expected


STUDY = """
from pathlib import Path

def control(run, record):
    there = Path(__file__).with_name("again")
    if not there.exists():
        there.touch()
        raise KeyboardInterrupt
    return {"meta": [("said", str(len(run.donors.pictures)))]}
"""


@pytest.mark.slow
@pytest.mark.tor("TOR-053")
def test_a_study_that_was_broken_off_is_done_again(whole: Settings, tmp_path: Path) -> None:
    (whole.folder / "broken_off.py").write_text(STUDY)
    controls = tuple(NamedTable(name=name) for name in ("randomisation", "broken_off:control"))
    own = changed(whole, experiments={"controls": controls, "searches": ()})
    with pytest.raises(KeyboardInterrupt):
        measure(own, tmp_path / "cut")
    path = measure(own, tmp_path / "cut", resume=True)
    with Record.open(path) as record:
        assert record.meta("said") == 11
        done = record.columns("SELECT part FROM passes WHERE pictures = 0")["part"].tolist()
    assert done == ["randomisation", "broken_off:control"]
    assert contents(measure(own, tmp_path / "out")) == contents(path)


@pytest.mark.slow
@pytest.mark.tor("TOR-052")
def test_neither_repetition_nor_workers_change_a_byte(whole: Settings, tmp_path: Path) -> None:
    first = contents(measure(whole, tmp_path / "out"))
    assert contents(measure(changed(whole, run={"workers": 5}), tmp_path / "threads")) == first
    assert contents(measure(changed(whole, run={"processes": 2}), tmp_path / "processes")) == first


@pytest.mark.slow
@pytest.mark.tor("TOR-055")
def test_batch_sizes_agree_within_tolerance(whole: Settings, tmp_path: Path) -> None:
    own = changed(whole, experiments={"controls": (), "searches": ()})
    record = measure(own, tmp_path / "out")
    other = measure(changed(own, run={"batch_size": 7}), tmp_path / "other")
    for table in ("picture", "score", "note", "answer"):
        for mine, yours in zip(contents(record)[table], contents(other)[table], strict=True):
            if mine and isinstance(mine[0], float):
                np.testing.assert_allclose(mine, yours, atol=2e-4)
            else:
                assert mine == yours


@pytest.mark.slow
@pytest.mark.tor("TOR-026")
def test_interventions_answer_for_every_picture(whole: Settings, tmp_path: Path) -> None:
    own = changed(whole, experiments={"controls": (), "searches": ()})
    with Record.open(measure(own, tmp_path / "out")) as record:
        found = record.columns("SELECT intervention, variant, count(*) AS n FROM answer GROUP BY 1, 2 ORDER BY 1, 2")
        plain = record.columns("SELECT probability FROM picture ORDER BY sample")["probability"]
        answers = record.columns("SELECT * FROM answer ORDER BY sample")
        noted = record.columns("SELECT source, name, count(*) AS n FROM note WHERE name LIKE 'noise%' GROUP BY 1, 2")
        passes = record.columns("SELECT * FROM passes")
    assert dict(zip(zip(found["intervention"], found["variant"], strict=True), found["n"].tolist(), strict=True)) == {
        **{("background_replaced", name): 11 for name in ("blur", "mean")},
        **{("background_replaced", f"{kind} {number}"): 11 for kind in ("other", "same") for number in (1, 2, 3)},
        **{
            (swap, f"{kind} {number}"): 11
            for swap in ("placement_swapped", "scale_swapped")
            for kind in ("other", "same")
            for number in (1, 2)
        },
        **{
            (swap, f"{kind} 1"): 11
            for swap in (
                "object_shape_swapped",
                "object_colour_swapped",
                "colour_swapped",
                "background_colour_swapped",
                "sharpness_swapped",
                "compression_swapped",
            )
            for kind in ("other", "same")
        },
        ("noise", "noise"): 11,
        **{("object_removed", f + place): 11 for f in ("blur", "donor", "mean") for place in ("", " elsewhere")},
    }
    np.testing.assert_allclose(1 / (1 + np.exp(-answers["log_odds"])), answers["probability"], atol=1e-9)
    assert len(set(answers["probability"].round(6))) > 10 * len(set(plain.round(6)))
    assert noted["n"].tolist() == [11, 11, 11]
    assert passes["part"].tolist() == ["pictures"] * 3
    # for each picture the gradient, 2 of SmoothGrad and 2 and a baseline of integrated gradients, all of it again under
    # noise, the random model, 6 + 8 + 2 * 4 + 6 * 2 + 1 answers to the interventions, 1 + 11 answers and 2 gradients
    # that are repeated, and in one batch each for 2 pictures twice the random model, SmoothGrad, and integrated
    # gradients
    assert passes["forward"].tolist() == [
        (2 * 6 + 1 + 35 + 14) * n + 4 * again for n, again in ((4, 1), (4, 2), (3, 4))
    ]
    assert passes["backward"].tolist() == [(2 * 5 + 1 + 2) * n + 4 * again for n, again in ((4, 1), (4, 2), (3, 2))]


@pytest.mark.slow
@pytest.mark.tor("TOR-054")
def test_resuming_something_else_is_refused(settings: Settings, record: Path) -> None:
    with pytest.raises(AuditError, match=r"was started with something else \(settings\.run\.seed\); need the same"):
        measure(changed(settings, run={"seed": 1}), record.parent, resume=True)


@pytest.mark.slow
def test_an_existing_folder_is_refused(settings: Settings, record: Path) -> None:
    with pytest.raises(
        AuditError, match=r"exists; need a new folder\. Choose another, or resume the run that left it\."
    ):
        measure(settings, record.parent)


@pytest.mark.slow
@pytest.mark.tor("TOR-004")
def test_one_bad_picture_excludes_itself(settings: Settings, tmp_path: Path) -> None:
    (settings.folder / "images" / "003.png").write_bytes(b"")
    (settings.folder / "images" / "004.png").unlink()
    with Record.open(measure(settings, tmp_path / "out")) as record:
        reasons = record.columns("SELECT image, reason FROM exclusion ORDER BY image")
        assert reasons["image"].tolist() == ["003.png", "004.png"]
        assert record.columns("SELECT count(*) AS n FROM picture")["n"].tolist() == [9]


def test_all_pictures_bad_is_a_record_of_exclusions(settings: Settings, tmp_path: Path) -> None:
    shutil.rmtree(settings.folder / "images")
    (settings.folder / "images").mkdir()
    with Record.open(measure(settings, tmp_path / "out")) as record:
        assert record.columns("SELECT count(*) AS n FROM exclusion")["n"].tolist() == [11]
        assert len(read_done(record)) == 11


@pytest.mark.slow
def test_another_frame_size_excludes(settings: Settings, tmp_path: Path) -> None:
    Image.new("RGB", (30, 30)).save(settings.folder / "images" / "002.png")
    with Record.open(measure(settings, tmp_path / "out")) as record:
        detail = record.columns("SELECT detail FROM exclusion")["detail"].tolist()
    assert "002.png: the preprocessing makes it 30x30, the first picture 24x24; need one size." in detail[0]


@pytest.mark.tor("TOR-013")
def test_a_box_that_covers_the_frame_excludes(settings: Settings, tmp_path: Path) -> None:
    crowded = measure(changed(settings, data={"max_box_share": 0.1}), tmp_path / "crowded")
    with Record.open(crowded) as record:
        reasons = record.columns("SELECT reason FROM exclusion")["reason"].tolist()
    assert reasons == ["box covers the frame"] * 11


@pytest.mark.slow
@pytest.mark.tor("TOR-019")
def test_a_network_from_python_is_left_as_it_was(settings: Settings, tmp_path: Path, record: Path) -> None:
    own = network().train()
    before = state_hash(own)
    names = (ClassName("dark"), ClassName("light"))
    path = measure(settings, tmp_path / "own", model=Model(own, names, None))
    assert own.training
    assert all(parameter.requires_grad for parameter in own.parameters())
    assert state_hash(own) == before
    assert contents(path)["score"] == contents(record)["score"]


class Counting(nn.Module):
    """Changes a buffer whenever it is asked."""

    asked: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.inner = network()
        self.register_buffer("asked", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.asked.add_(1)
        logits: Tensor = self.inner(x)
        return logits


@pytest.mark.slow
@pytest.mark.tor("TOR-051")
def test_a_network_that_changes_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="model: its weights or statistics changed during the audit"):
        measure(settings, tmp_path / "out", model=Model(Counting(), None, None))


class ChangesLater(nn.Module):
    """Remembers the brightest picture it has seen."""

    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.inner = network()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.seen.copy_(torch.maximum(self.seen, x.detach().mean(dim=(1, 2, 3)).max()))
        logits: Tensor = self.inner(x)
        return logits


@pytest.mark.slow
@pytest.mark.tor("TOR-051")
def test_a_network_that_changed_is_refused_for_good(settings: Settings, tmp_path: Path) -> None:
    own = Model(ChangesLater(), None, None)
    with pytest.raises(AuditError, match="changed during the audit"):
        measure(settings, tmp_path / "out", model=own)
    with pytest.raises(AuditError, match="it changed itself in the earlier run"):
        measure(settings, tmp_path / "out", model=own, resume=True)
    assert judge(tmp_path / "out" / "audit.sqlite", "default").outcome == "INVALID"


class Turning(nn.Module):
    """Turns its answers round from the sixtieth call on, which it counts in a tensor that is no buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = network()
        self.calls = torch.zeros(())

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        logits: Tensor = self.inner(x)
        return -logits if self.calls > 60 else logits


@pytest.mark.slow
@pytest.mark.tor("TOR-051")
@pytest.mark.parametrize("broken_off", [False, True])
def test_a_network_that_changed_outside_its_weights_is_refused_for_good(
    broken_off: bool, whole: Settings, tmp_path: Path
) -> None:
    def stop(done: int, total: int, what: str, share: float) -> None:
        if broken_off and done == total:
            raise KeyboardInterrupt

    own = Model(Turning(), None, None)
    with pytest.raises(AuditError, match="its answers changed during the audit; need a model that does not change"):
        measure(whole, tmp_path / "out", model=own, progress=stop)
    with pytest.raises(AuditError, match="it changed itself in the earlier run"):
        measure(whole, tmp_path / "out", model=own, resume=True)
    assert judge(tmp_path / "out" / "audit.sqlite", "default").outcome == "INVALID"


@pytest.mark.tor("TOR-051")
def test_a_network_with_randomness_is_refused(settings: Settings, tmp_path: Path) -> None:
    class Noisy(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.randn(len(x), 2) * 1e-4 + x.mean(dim=(1, 2, 3)).unsqueeze(1)

    with pytest.raises(AuditError, match="answers differently when given the same pictures twice"):
        measure(settings, tmp_path / "out", model=Model(Noisy(), None, None))


@pytest.mark.slow
@pytest.mark.tor("TOR-054")
def test_resuming_on_other_pictures_or_other_code_is_refused(settings: Settings, tmp_path: Path) -> None:
    def kill(done: int, total: int, what: str, share: float) -> None:
        if done == 4:
            raise KeyboardInterrupt

    own = settings.folder / "resumed_code.py"
    own.write_text("from fixtures.shapes import network as made\n\ndef network():\n    return made()\n")
    assert settings.model
    named = settings.model_copy(
        update={"model": ModelTable.model_validate({**settings.model.model_dump(), "function": "resumed_code:network"})}
    )
    with pytest.raises(KeyboardInterrupt):
        measure(named, tmp_path / "out", progress=kill)
    own.write_text(own.read_text() + "# another file\n")
    with pytest.raises(AuditError, match=r"something else \(code\.resumed_code:network\)"):
        measure(named, tmp_path / "out", resume=True)
    own.write_text(own.read_text().removesuffix("# another file\n"))
    first, second = (settings.folder / "images" / name for name in ("000.png", "001.png"))
    first.write_bytes(second.read_bytes())
    with pytest.raises(AuditError, match=r"something else \(picture 000\.png\)"):
        measure(named, tmp_path / "out", resume=True)
    with pytest.raises(AuditError, match="no such record; need the record of an interrupted run"):
        measure(named, tmp_path / "elsewhere", resume=True)


@pytest.mark.slow
def test_two_audits_in_one_process_keep_their_own_code(tmp_path: Path) -> None:
    found = []
    for name, sign in (("one", 1), ("two", -1)):
        settings = write_shapes(tmp_path / name, pictures=4)
        (tmp_path / name / "own_network.py").write_text(
            "import torch\nfrom fixtures.shapes import network as made\n\n"
            "class Signed(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.inner = made()\n"
            f"    def forward(self, x):\n        return {sign} * self.inner(x)\n\n"
            "def network():\n    return Signed()\n"
        )
        settings.write_text(settings.read_text().replace("fixtures.shapes:network", "own_network:network"))
        with Record.open(measure(settings, tmp_path / name / "out")) as record:
            found.append(record.columns("SELECT predicted FROM picture")["predicted"].tolist())
    assert found[0] == [1 - predicted for predicted in found[1]]


def test_weights_are_sought_beside_the_settings_and_nowhere_else(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cwd").mkdir()
    torch.save(network().state_dict(), tmp_path / "cwd" / "w.pth")
    monkeypatch.chdir(tmp_path / "cwd")
    assert settings.model
    table = ModelTable.model_validate({**settings.model.model_dump(), "weights": "w.pth"})
    with pytest.raises(AuditError, match=r"w\.pth: no such file"):
        measure(settings.model_copy(update={"model": table}), tmp_path / "out")


class NanForLight(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=(1, 2, 3))
        return torch.stack([mean, -mean], dim=1) / (x.amax(dim=(1, 2, 3), keepdim=False) < 1.99)[:, None]


@pytest.mark.slow
@pytest.mark.tor("TOR-023")
def test_nan_is_recorded_as_nothing(settings: Settings, tmp_path: Path) -> None:
    own = changed(settings, saliency={"null_maps": ()})
    with Record.open(measure(own, tmp_path / "out", model=Model(NanForLight(), None, None))) as record:
        rows = record.columns(
            "SELECT s.label, p.probability, c.dead, c.mass FROM picture p JOIN sample s ON s.id = p.sample"
            " JOIN score c ON c.sample = s.id WHERE c.source = 'gradient'"
        )
    light = rows["label"] == "light"
    assert np.isnan(rows["probability"][light].astype(float)).all()
    assert rows["dead"][light].all()
    assert np.isnan(rows["mass"][light].astype(float)).all()
    assert not rows["dead"][~light].any()


@pytest.mark.slow
@pytest.mark.tor("TOR-001")
@pytest.mark.parametrize("name", ["coco", "csv", "voc", "yolo"])
def test_every_format_gives_the_same_measurements(name: str, tmp_path: Path) -> None:
    scene = write_scene(tmp_path)
    settings = parse_settings(
        {
            "data": {
                "format": name,
                "annotations": str(scene.annotations[name]),
                "images": str(scene.images),
                "labels": {"disc": 0, "square": "light", "wedge": 1},
                "max_box_share": 1,
            },
            "saliency": {"methods": ["gradient"], "null_maps": ["uniform"]},
            "experiments": {"interventions": [], "controls": [], "searches": []},
        }
    )
    model = Model(network(), (ClassName("dark"), ClassName("light")), Preprocessing(letterbox=(32, 32)))
    with Record.open(measure(settings, tmp_path / "out", model=model)) as record:
        found = record.columns("SELECT avg(mass) AS mass, avg(auc) AS auc, count(*) AS n FROM score")
    assert found["n"].tolist() == [10]  # five pictures with a class, two sources
    reference = tmp_path / "reference"
    plain = settings.model_copy(
        update={"data": settings.data.model_copy(update={"format": "csv", "annotations": scene.annotations["csv"]})}
    )
    with Record.open(measure(plain, reference, model=model)) as record:
        expected = record.columns("SELECT avg(mass) AS mass, avg(auc) AS auc, count(*) AS n FROM score")
    assert {key: value.tolist() for key, value in found.items()} == {k: v.tolist() for k, v in expected.items()}


@pytest.mark.slow
def test_the_gallery_is_kept_and_everything_else_dropped(settings: Settings, tmp_path: Path) -> None:
    many = load_settings(write_shapes(tmp_path / "many", pictures=60))
    with Record.open(measure(many, tmp_path / "out")) as record:
        gallery, thumbnails = record.meta("gallery"), read_thumbnails(record)
        auc = record.columns(
            "SELECT sample, avg(auc) AS auc FROM score WHERE source IN ('gradient', 'smoothgrad',"
            " 'integrated_gradients') GROUP BY sample ORDER BY auc"
        )
    assert gallery["worst"] == auc["sample"][:12].tolist()
    assert set(thumbnails) == {number for group in gallery.values() for number in group}
    assert set(thumbnails[gallery["worst"][0]]) == {"picture", "gradient", "smoothgrad", "integrated_gradients"}
    assert len(set(gallery["random"]) - set(gallery["worst"])) > 0


def drawn_methods(settings: Settings, *methods: dict[str, Any]) -> Settings:
    table = type(settings.saliency)(methods=methods, null_maps=["uniform"])
    return settings.model_copy(update={"saliency": table})


def test_a_method_that_is_drawn_for_some_pictures_leaves_maps_of_these_alone(
    settings: Settings, tmp_path: Path
) -> None:
    some = drawn_methods(settings, {"name": "gradient"}, {"name": "integrated_gradients", "steps": 2, "pictures": 3})
    path = measure(some, tmp_path / "some")
    with Record.open(path) as record:
        total = count_samples(record)
        drawn = read_scores(record, "integrated_gradients").sample.tolist()
        everywhere = read_scores(record, "gradient").sample.tolist()
        alike = record.columns("SELECT sample, value FROM note WHERE name LIKE 'agreement%' ORDER BY sample")
        layers = read_thumbnails(record)
    assert len(drawn) < len(everywhere)
    assert set(drawn) == draw(3, total, settings.run.seed) & set(everywhere)
    assert alike["sample"].tolist() == drawn
    assert np.isfinite(alike["value"]).all()
    assert {sample for sample, of in layers.items() if "integrated_gradients" in of} == set(drawn) & layers.keys()
    assert all("gradient" in of for of in layers.values())
    whole = next(verdict for verdict in judge(path, "default").verdicts if verdict.rule == "evidence_is_complete")
    maps = next(finding for finding in whole.findings if finding.key == "maps/integrated_gradients")
    assert (maps.outcome, maps.n) == ("PASS", len(drawn))


def test_maps_that_were_drawn_and_are_not_there_are_missed(settings: Settings, tmp_path: Path) -> None:
    some = drawn_methods(settings, {"name": "gradient"}, {"name": "integrated_gradients", "steps": 2, "pictures": 3})
    path = measure(some, tmp_path / "some")
    with Record.open(path) as record:
        first = read_scores(record, "integrated_gradients").sample[0]
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM score WHERE source = 'integrated_gradients' AND sample = ?", (int(first),))
    database.close()
    verdicts = {verdict.rule: verdict for verdict in judge(path, "default").verdicts}
    maps = next(f for f in verdicts["evidence_is_complete"].findings if f.key == "maps/integrated_gradients")
    assert (maps.outcome, maps.reason, maps.details["missing"]) == ("INVALID", "maps_missing", 1)


def test_where_every_method_is_drawn_the_rest_of_the_pictures_have_no_map(settings: Settings, tmp_path: Path) -> None:
    path = measure(drawn_methods(settings, {"name": "integrated_gradients", "steps": 2, "pictures": 1}), tmp_path / "o")
    with Record.open(path) as record:
        assert len(read_scores(record, "integrated_gradients").sample) <= 1
        assert read_done(record) == set(range(count_samples(record)))


def test_pictures_that_are_replaced_while_the_audit_runs_are_no_evidence(settings: Settings, tmp_path: Path) -> None:
    def replaced(done: int, total: int, what: str, share: float) -> None:
        del share
        if what == "pictures" and done == total:
            picture = min(settings.path(settings.data.images).rglob("*.png"))
            Image.new("RGB", (32, 32), (1, 2, 3)).save(picture)

    with pytest.raises(AuditError, match=r"picture .*\.png: changed during the audit; need files that stay\. Start"):
        measure(settings, tmp_path / "out", progress=replaced)
    whole = next(v for v in judge(tmp_path / "out" / "audit.sqlite", "default").verdicts if v.rule == "run_is_whole")
    assert whole.outcome == "INVALID"
