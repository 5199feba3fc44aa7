"""report.html: one file, every outcome, no surprises from names."""

import io
import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jinja2 import UndefinedError
from numpy.typing import NDArray
from PIL import Image

from audit.errors import AuditError
from audit.record.map_readers import read_thumbnails
from audit.record.record import Record
from audit.record.seal import SEAL, seal
from checks.verdict import Outcome
from fixtures.assessments import assessment_of, page_of
from fixtures.pages import check, words
from fixtures.records import write_record
from reports import render
from reports.page import render as page
from reports.page.context import page_values
from reports.page.methods import SHIPPED
from reports.result.assessment import assess

HOSTILE = '"><script>alert(1)</script>\u202egpj.' + "x" * 4000


def rendered(path: Path, *, gallery: bool | dict[str, list[int]] = True, **changes: Any) -> str:
    with Record.open(path) as record:
        if isinstance(gallery, dict):
            record.set_meta("gallery", gallery)
        elif gallery:
            shown = sorted(read_thumbnails(record))
            third = max(1, len(shown) // 3)
            chosen = {"worst": shown[:third], "borderline": shown[third : 2 * third], "random": shown[2 * third :]}
            record.set_meta("gallery", {**chosen, "random": [*chosen["random"], *shown[:1]]})
        for key, value in changes.items():
            record.set_meta(key, value)
        if record.has(SEAL):
            record.set_meta(SEAL, seal(record))
        return page_of(assessment_of(record))


def altered(path: Path, *statements: tuple[str, tuple[Any, ...]]) -> Path:
    connection = sqlite3.connect(path)
    with connection:
        for statement, values in statements:
            connection.execute(statement, values)
    connection.close()
    return path


@pytest.mark.slow
def test_narrow_screens_get_the_contents_folded_before_the_verdict(tmp_path: Path) -> None:
    """Both lists hold every section; the style shows one of them: the folded one on narrow screens, never on paper."""
    html = rendered(write_record(tmp_path / "audit.sqlite"))
    folded, listed = re.findall(r'<nav class="contents[^>]*>.*?</nav>', html, re.DOTALL)
    targets = re.findall(r'<section (?:id|class="further" aria-labelledby)="([^"]+?)(?:-title)?"', html)
    assert [re.findall(r'<a href="#([^"]+)"', nav) for nav in (folded, listed)] == [targets, targets]
    assert re.search(r"<details>\s*<summary>Contents</summary>", folded), "closed"
    assert html.index(folded) < html.index('<section id="verdict"') < html.index(listed)
    style = page.style()
    assert ".contents.folded { display: none;" in style
    narrow = style[style.index("@media screen and (max-width: 67.98rem)") :]
    assert narrow.index(".folded ~ .contents { display: none; }") < narrow.index("@media (min-width: 68rem)")


@pytest.mark.slow
@pytest.mark.tor("TOR-061")
@pytest.mark.parametrize(
    ("kind", "n", "outcome"),
    [
        ("honest", 120, Outcome.PASS),
        ("cheating", 120, Outcome.FAIL),
        ("honest", 50, Outcome.INCONCLUSIVE),
        ("dead", 120, Outcome.INVALID),
        ("incomplete", 120, Outcome.INVALID),
    ],
)
def test_every_outcome_is_told(tmp_path: Path, kind: Any, n: int, outcome: Outcome) -> None:
    html = rendered(write_record(tmp_path / "audit.sqlite", n=n, kind=kind))
    checker = check(html)
    text = words(html)
    assert f'<div class="verdict is-{outcome}">' in html
    assert "Does this model look at the object?" in text
    assert f'href="#mark-{outcome}"' in html
    assert "Right for the wrong reason" in text
    assert "hashed into the record before the first picture" in text
    assert ("Not tested: reliance on the surface and the outline of the object" in text) == (outcome is Outcome.PASS)
    assert ("The run stopped after 73 of 121 samples." in text) == (kind == "incomplete")
    assert {"verdict", "identity", "checks", "scores", "classes", "gallery", "exclusions", "method", "again"} <= set(
        checker.ids
    )


@pytest.mark.slow
@pytest.mark.tor("TOR-061")
def test_the_first_number_is_that_of_the_judgement(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120, kind="cheating")
    with Record.open(path) as record:
        wrong = assessment_of(record).judgement.right_for_the_wrong_reason[0]
    text = words(rendered(path))
    assert f"{wrong.count} of {wrong.right} right answers" in text
    assert wrong.count > 50
    assert wrong.lower is not None
    assert wrong.upper is not None
    bounds = f"between {100 * wrong.lower:.1f} % and {100 * wrong.upper:.1f} %, each bound with 95 % confidence"
    assert bounds in text.replace("\u202f", " ")


@pytest.mark.slow
def test_none_wrong_has_no_lower_bound(tmp_path: Path) -> None:
    text = words(rendered(write_record(tmp_path / "audit.sqlite", n=120, kind="honest"))).replace("\u202f", " ")
    assert ": 0.0 %, at most 2." in text


@pytest.mark.slow
def test_the_rate_by_chance_stands_beside_the_first_number(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120, kind="cheating")
    with Record.open(path) as record:
        table = assessment_of(record).table
    right, miss = table.right & table.judged("random_model"), table.miss("random_model")
    missed, judged = int((right & miss).sum()), int(right.sum())
    assert 0 < missed < judged
    text = words(rendered(path)).replace("\u202f", " ")
    share = f"{100 * missed / judged:.1f} %"
    assert f"a random network, which has learnt nothing, {missed} of {judged}." in text
    assert re.search(rf"random_model +{missed} +{judged} +{share} ", text)
    assert "Predicted right and judged" in text


@pytest.mark.slow
def test_without_a_random_network_no_chance_is_claimed(tmp_path: Path) -> None:
    html = rendered(write_record(tmp_path / "audit.sqlite", n=120, null_maps=("uniform",)))
    check(html)
    assert "a random network, which has learnt nothing" not in words(html)


@pytest.mark.slow
def test_what_was_right_and_could_not_be_judged_is_counted(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120, kind="dead")
    with Record.open(path) as record:
        table = assessment_of(record).table
    unjudged = int((table.right & table.dead["gradient"]).sum())
    assert unjudged > 0
    assert f"are not counted: {unjudged} of those predicted right." in words(rendered(path))
    whole = rendered(write_record(tmp_path / "whole.sqlite", n=120))
    assert "are not counted." in words(whole)


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_anew")
def test_the_same_record_gives_the_same_bytes(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=80)
    with Record.open(path) as record:
        first = render(assess(record), tmp_path / "first")
    with Record.open(path) as record:
        second = render(assess(record), tmp_path / "second" / "page.html")
    assert (first.name, second.name) == ("report.html", "page.html")
    assert first.read_bytes() == second.read_bytes()
    assert str(tmp_path) not in first.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.tor("TOR-061")
def test_limits_chosen_afterwards_are_called_so(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    with Record.open(path) as record:
        profile = assessment_of(record).judgement.profile
        html = page.page(assess(record, profile.model_copy(update={"name": "mine", "confidence": 0.9})))
    check(html)
    assert "is not the one that was hashed into the record" in words(html)


@pytest.mark.slow
def test_no_profile_in_the_record_is_said(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    with Record.open(path) as record:
        profile = assessment_of(record).judgement.profile
        record.set_meta("profile", None)
        html = page.page(assessment_of(record, profile))
    check(html)
    assert words(html).count("No profile was fixed in the record before the run") == 1
    assert "no profile was fixed in the record before the run" in words(html)
    assert "is not the one that was hashed" not in html


@pytest.mark.slow
def test_an_audit_from_python_names_no_command_that_cannot_work(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    with Record.open(path) as record:
        settings = record.meta("settings")
    from_python = rendered(path, settings={**settings, "model": None}, model={"state_sha256": "ab" * 32})
    check(from_python)
    assert "saliency-audit run" not in from_python
    assert "started from Python" in words(from_python)
    assert "kind from Python name from Python" in words(from_python)


@pytest.mark.slow
def test_how_to_run_it_again_promises_no_index_and_no_path(tmp_path: Path) -> None:
    html = rendered(write_record(tmp_path / "audit.sqlite", n=120))
    assert "pip install" not in html
    assert "Install version 0.1.0" in html
    assert "Absolute paths are cut to their last name" in words(html)
    assert "saliency-audit run settings.toml" in html


@pytest.mark.slow
def test_only_what_was_used_is_described(tmp_path: Path) -> None:
    methods = ("gradcam", "own.maps:mine")
    path = write_record(tmp_path / "audit.sqlite", n=120, methods=methods, null_maps=("centre", "own.maps:flat"))
    html = rendered(path)
    check(html)
    described = set(re.findall(r"<dt>([^<]+)</dt>", html[html.index(' id="method"') :]))
    assert {"Grad-CAM", "null map centre"} <= described
    assert not {"gradient", "SmoothGrad", "null map uniform"} & described
    text = words(html)
    assert "Layer of gradcam : features.6 ." in text
    assert "A method supplied by the user: own.maps:mine ." in text
    assert "A null map supplied by the user: own.maps:flat ." in text


def test_the_functions_with_words_of_the_pages_own_are_listed() -> None:
    text = (Path(page.__file__).parents[1] / "sections" / "74_method.html.j2").read_text(encoding="utf-8")
    assert set(re.findall(r'"(\w+)" in used', text)) == SHIPPED


@pytest.mark.slow
def test_without_methods_nothing_is_made_up(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120, kind="untouched")
    html = rendered(path, sources={"methods": [], "null_maps": ["uniform"]})
    check(html)
    assert "no scores of a saliency method" in words(html)
    assert "Not counted: an audit that cannot be trusted" in words(html)


@pytest.mark.parametrize("frame", [[64, 64], [], None])
def test_all_excluded(tmp_path: Path, frame: Any) -> None:
    html = rendered(write_record(tmp_path / "audit.sqlite", n=1), frame=frame)
    check(html)
    text = words(html)
    assert "Based on 0 of 2 samples; 2 were excluded" in text
    assert "object cropped away" in text
    assert "No map could be scored" in text


@pytest.mark.tor("TOR-050")
def test_what_lies_outside_the_scope_stands_apart_from_the_exclusions(tmp_path: Path) -> None:
    path = altered(
        write_record(tmp_path / "audit.sqlite", n=1),
        ("UPDATE exclusion SET reason = 'label ignored' WHERE image = 'pictures/broken.png'", ()),
    )
    html = rendered(path)
    check(html)
    text = words(html)
    assert "1 was excluded, each with a reason ; 1 lies outside the scope ." in text
    assert "1 of 1 samples in scope was excluded" in text
    assert "1 of 2 samples lies outside the scope that the settings state" in text
    assert "Anything about the 1 sample outside the scope." in text


@pytest.mark.slow
def test_missing_numbers_are_dashes(tmp_path: Path) -> None:
    path = altered(
        write_record(tmp_path / "audit.sqlite", n=120),
        ("UPDATE picture SET probability = NULL, confidence = NULL, label_rank = NULL, predicted = NULL", ()),
        ("UPDATE score SET dead = 1, mass = NULL, lift = NULL, rank = NULL, pointing = NULL, auc = NULL", ()),
    )
    html = rendered(path)
    check(html)
    assert "Dead map" in words(html)
    assert "The network yields no number." in words(html)
    assert "class -1" not in html


@pytest.mark.slow
def test_without_a_gallery(tmp_path: Path) -> None:
    html = rendered(write_record(tmp_path / "audit.sqlite", n=120), gallery=False)
    check(html)
    assert "holds no pictures for a gallery" in words(html)


@pytest.mark.slow
def test_a_card_tells_the_order_and_the_scenario(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    with Record.open(path) as record:
        table, sample = assessment_of(record).table, min(read_thumbnails(record))
    i = table.sample.tolist().index(sample)
    mean = (table.scores["gradient"]["auc"][i] + table.scores["gradcam"]["auc"][i]) / 2
    text = words(rendered(path))
    assert f"mean AUC of 2 methods {mean:.3f}" in text
    assert f"light : {'day' if sample % 3 else 'night'}" in text
    alone = words(rendered(write_record(tmp_path / "alone.sqlite", n=120, methods=("gradient",))))
    assert "mean AUC of" not in alone


@pytest.mark.slow
def test_an_empty_group_of_the_gallery_says_so(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    with Record.open(path) as record:
        shown = sorted(read_thumbnails(record))
    html = rendered(path, gallery={"worst": shown, "borderline": [], "random": []})
    check(html)
    assert words(html).count("No picture is in this group.") == 2


@pytest.mark.slow
def test_a_picture_of_the_gallery_without_a_row_is_left_out(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=120)
    with Record.open(path) as record:
        first, second = sorted(read_thumbnails(record))[:2]
    altered(path, ("DELETE FROM picture WHERE sample = ?", (first,)), ("DELETE FROM score WHERE sample = ?", (first,)))
    html = rendered(path)
    check(html)
    assert f'id="sample-{first}"' not in html
    assert f'id="sample-{second}"' in html


def test_worst_pictures_link_to_the_gallery_where_it_shows_them(tmp_path: Path) -> None:
    html = rendered(write_record(tmp_path / "audit.sqlite", n=120))
    assert re.search(r'<a href="#sample-\d+">\d+</a>', html)
    assert "that are not in the gallery" in html


@pytest.mark.slow
@pytest.mark.parametrize("classes", [1, 1000])
def test_few_and_many_classes(tmp_path: Path, classes: int) -> None:
    path = altered(
        write_record(tmp_path / "audit.sqlite", n=300),
        ("UPDATE sample SET class = id % ?", (classes,)),
    )
    html = rendered(path, classes=[f"class {i}" for i in range(classes)])
    check(html)
    text = words(html)
    if classes == 1:
        assert "The data set has one class." in text
    else:
        assert "Of 299 classes, these are the 20" in text
        assert len(re.findall(r'<th scope="row"><bdi>class \d+</bdi>', html)) == 20


@pytest.mark.slow
@pytest.mark.tor("TOR-065")
def test_hostile_names_do_nothing(tmp_path: Path) -> None:
    path = altered(
        write_record(tmp_path / "audit.sqlite", n=120),
        ("UPDATE sample SET image = ? || id, label = ?", (HOSTILE, HOSTILE)),
        ("UPDATE exclusion SET reason = ?, detail = ?", (HOSTILE, HOSTILE)),
        ("UPDATE score SET source = ? WHERE source = 'gradient'", (HOSTILE,)),
        ("UPDATE thumbnail SET layer = ? WHERE layer = 'gradient'", (HOSTILE,)),
    )
    with Record.open(path) as record:
        settings = record.meta("settings")
    settings["title"] = HOSTILE
    settings["data"]["labels"] = {HOSTILE: HOSTILE}
    html = rendered(
        path,
        settings=settings,
        classes=[HOSTILE] * 6,
        model={HOSTILE: HOSTILE, "state_sha256": HOSTILE},
        versions={HOSTILE: HOSTILE},
        per_run={HOSTILE: {HOSTILE: HOSTILE}},
        sources={"methods": [HOSTILE], "null_maps": ["uniform"]},
    )
    check(html)
    assert html.count("<script") == 1
    assert "\u202e" not in html
    assert "x" * 900 not in html
    assert len(html) < 600_000


@pytest.mark.slow
def test_an_undefined_name_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=60)
    monkeypatch.setattr(page, "page_values", lambda *a: {k: v for k, v in page_values(*a).items() if k != "reasons"})
    with Record.open(path) as record, pytest.raises(UndefinedError, match="reasons"):
        page.page(assess(record))


@pytest.mark.slow
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=60)
    (tmp_path / "file").write_text("")
    with Record.open(path) as record, pytest.raises(AuditError, match="a writable folder with free space"):
        render(assess(record), tmp_path / "file" / "inner")


@pytest.mark.slow
def test_a_section_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=60)
    here, sections = tmp_path / "reports" / "page", tmp_path / "reports" / "sections"
    here.mkdir(parents=True)
    sections.mkdir()
    source = Path(page.__file__).parent
    for name in ("page.html.j2", "macros.html.j2", "marks.html.j2", "style.css", "sections.css", "viewer.js"):
        (here / name).write_text((source / name).read_text(encoding="utf-8"), encoding="utf-8")
    (sections / "15_own_words.html.j2").write_text("{% set title = 'Own words' %}<p>{{ counts.total }}</p>")
    monkeypatch.setattr(page, "_HERE", here)
    monkeypatch.setattr(page, "_SECTIONS", sections)
    monkeypatch.setattr(page, "environment", page.environment.__wrapped__)
    with Record.open(path) as record:
        html = page.page(assess(record))
    assert '<section id="own-words" aria-labelledby="own-words-title">' in html
    assert "<p>61</p>" in html
    (sections / "16_bare.html.j2").write_text("<p></p>")
    with Record.open(path) as record, pytest.raises(AuditError, match=r"16_bare\.html\.j2: sets no title"):
        page.page(assess(record))


def test_settings_are_shown_as_toml(tmp_path: Path) -> None:
    html = rendered(write_record(tmp_path / "audit.sqlite", n=120))
    assert "[[saliency.methods]]" in html
    assert json.dumps("fixtures.networks:small").replace('"', "&#34;") in html


RENDERING = """
import sys, time
from pathlib import Path
from audit.record.record import Record
from reports import render
from reports.result.assessment import assess
with Record.open(Path(sys.argv[1])) as record:
    assessment = assess(record)
    start = time.process_time()
    render(assessment, sys.argv[2])
    print(time.process_time() - start)
assert "torch" not in sys.modules
"""


@pytest.mark.slow
def test_ten_thousand_pictures_stay_small_and_quick(tmp_path: Path) -> None:
    """With a gallery that is as hard to shorten as can be: noise, at the size of a usual input."""
    path = write_record(tmp_path / "audit.sqlite", n=10_000, gallery=36)
    rng = np.random.default_rng(0)
    with Record.open(path) as record:
        layers = [(sample, layer) for sample, found in read_thumbnails(record).items() for layer in found]
        record.set_meta("gallery", {"worst": sorted({sample for sample, _ in layers}), "borderline": [], "random": []})
    noise = {layer: rng.integers(0, 256, (224, 224, 3)[: 3 if layer == "picture" else 2]) for _, layer in layers}
    altered(
        path,
        *(
            ("UPDATE thumbnail SET encoded = ? WHERE sample = ? AND layer = ?", (png(noise[layer]), sample, layer))
            for sample, layer in layers
        ),
    )
    command = [sys.executable, "-c", RENDERING, str(path), str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 10  # 5 s is the aim, and 2.3 s were measured; other processes slow this one down
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    check(html)
    assert html.count("<image ") > 90
    assert len(html.encode()) < 5_000_000


def png(pixels: NDArray[np.int64]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
