"""The page of `explore`: every sample with the record's numbers, and nothing that a reader could take for a verdict."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from audit.errors import AuditError
from audit.record.experiment_readers import read_answers
from audit.record.frame_masks import MaskRow, packed
from audit.record.map_readers import read_scores, read_thumbnails
from audit.record.record import Record
from audit.record.sample_readers import read_exclusions, read_pictures, read_samples
from audit.record.writer import add_rows
from fixtures.assessments import HOSTILE, assessment_of
from fixtures.explorations import block, exploration_page, text_at
from fixtures.pages import Checker, words
from fixtures.records import altered, write_record
from reports.explore import page as explore
from reports.explore.columns import SHARE_STEPS, shares
from reports.explore.sample_columns import CELLS

SCRIPTS = sorted((Path(explore.__file__).parent / "scripts").glob("*.js"))


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    path = tmp_path_factory.mktemp("cheating") / "audit.sqlite"
    with Record.open(write_record(path, n=120, kind="cheating")) as opened:
        yield opened


@pytest.fixture(scope="module")
def html(record: Record) -> str:
    return exploration_page(record)


@pytest.mark.tor("TOR-102")
def test_the_page_loads_nothing_and_runs_one_script_that_its_policy_names(html: str) -> None:
    checker = Checker()
    checker.feed(html)
    assert (checker.faults, checker.open, checker.loads) == ([], [], [])
    assert len(checker.ids) == len(set(checker.ids))
    assert {link[1:] for link in checker.links} <= set(checker.ids)
    policy = re.search(r"content=\"default-src 'none'; img-src data:; [^\"]*script-src 'sha256-([^']+)'\"", html)
    code = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert policy
    assert [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in code] == [policy[1]]
    assert html.count("<script") == 1 + html.count('<script type="application/json"')
    assert not re.search("https?:", html)


@pytest.mark.tor("TOR-102")
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_its_scripts_load_nothing_and_build_no_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for word in ("fetch", "http", "innerHTML", "outerHTML", "eval", "import", "</", "document.write", "insertAdjacent"):
        assert word not in text
    assert len(text.splitlines()) < 200


@pytest.mark.tor("TOR-102")
def test_it_says_once_that_it_decides_nothing(html: str, record: Record) -> None:
    seen = words(re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))
    assert seen.count("Exploring decides nothing: the verdict is in the report.") == 1
    assert not re.search("PASS|FAIL|INCONCLUSIVE|INVALID", seen)
    assert '<a href="run/report.html">the report</a>' in exploration_page(record, "run/report.html")


@pytest.mark.tor("TOR-102")
def test_every_sample_is_there_with_the_numbers_of_the_record(html: str, record: Record) -> None:
    samples, numbered, pictures = block(html, "samples"), read_samples(record), read_pictures(record)
    loose = [row for row in read_exclusions(record) if row.sample is None]
    assert samples["number"] == [*numbered.number.tolist(), *(None for _ in loose)]
    assert len(loose) == 1
    excluded = {row.sample: row for row in read_exclusions(record)}
    for place, number in enumerate(numbered.number.tolist()):
        assert text_at(samples["image"], place) == numbered.image[place]
        assert text_at(samples["label"], place) == numbered.label[place]
        if number in excluded:
            assert text_at(samples["fate"], place) == f"excluded: {excluded[number].reason}"
            assert samples["detail"][str(place)] == excluded[number].detail
            assert samples["probability"][place] is None
            continue
        i = pictures.number.tolist().index(number)
        assert samples["probability"][place] == pytest.approx(SHARE_STEPS * pictures.probability[i], abs=0.51)
        assert samples["confidence"][place] == pytest.approx(SHARE_STEPS * pictures.confidence[i], abs=0.51)
        right = pictures.predicted[i] == pictures.class_index[i]
        assert text_at(samples["fate"], place) == ("predicted right" if right else "predicted wrong")
        assert text_at(samples["answer"], place) == record.meta("classes")[pictures.predicted[i]]
        assert samples["boxes"][place] == pytest.approx(
            [round(value, 1) for box in pictures.frame_boxes[i] for value in box]
        )
    for method in ("gradient", "gradcam"):
        scores = read_scores(record, method)
        for sample, dead, auc in zip(scores.sample, scores.dead, scores.values["auc"], strict=True):
            assert samples["scores"][method]["auc"][sample] == (None if dead else round(1000 * auc))


@pytest.mark.tor("TOR-102")
def test_its_cells_are_those_of_the_report(html: str, record: Record) -> None:
    samples, cells = block(html, "samples"), assessment_of(record).judgement.cells
    assert cells is not None
    at = samples["cell"]["at"]
    assert [at.count(i) for i in range(4)] == [cell.count for cell in cells.cells]
    for index, cell in enumerate(cells.cells):
        assert {at[number] for number in cell.samples} <= {index}
    assert at[0] == -1, "excluded"
    assert samples["cell"]["values"][samples["cell"]["worst"]] == CELLS[1] == "right for the wrong reason"


@pytest.mark.tor("TOR-102")
def test_its_answers_are_those_of_the_record(html: str, record: Record) -> None:
    answers, given = block(html, "answers"), read_answers(record)
    names = record.meta("classes")
    expected = sorted(
        (int(sample), round(SHARE_STEPS * probability), names[predicted])
        for subject, sample, probability, predicted in zip(
            given.subject, given.sample, given.probability, given.predicted, strict=True
        )
        if subject == "model"
    )
    shown = sorted(
        (place, probability, answers["classes"][answer])
        for group in answers["groups"]
        for row in group["rows"]
        for place, probability, answer in zip(row["at"], row["probability"], row["answer"], strict=True)
    )
    assert [(place, answer) for place, _, answer in shown] == [(place, answer) for place, _, answer in expected]
    assert np.abs(np.array([p for _, p, _ in shown]) - [p for _, p, _ in expected]).max() <= 1
    assert all(row["at"] == sorted(row["at"]) for group in answers["groups"] for row in group["rows"])


def test_a_sample_has_lost_its_answer_where_a_swap_with_another_class_costs_it(html: str, record: Record) -> None:
    lost = {loss["name"]: loss for loss in block(html, "samples")["lost"]}
    given, pictures = read_answers(record), read_pictures(record)
    right = {int(n) for n, is_right in zip(pictures.number, pictures.right, strict=True) if is_right}
    label = dict(zip(pictures.number.tolist(), pictures.class_index.tolist(), strict=True))
    rows = [
        (int(sample), int(predicted))
        for subject, of, variant, sample, predicted in zip(
            given.subject, given.intervention, given.variant, given.sample, given.predicted, strict=True
        )
        if subject == "model" and of == "background_replaced" and variant.startswith("other") and int(sample) in right
    ]
    assert lost["background"]["at"] == sorted({sample for sample, predicted in rows if predicted != label[sample]})
    assert lost["background"]["asked"] == len({sample for sample, _ in rows})
    assert len(lost["background"]["at"]) > 50
    assert "candidate" not in " ".join(lost)


@pytest.mark.tor("TOR-103")
def test_it_holds_what_the_record_keeps_and_says_what_it_does_not(html: str, record: Record) -> None:
    kept = read_thumbnails(record)
    assert block(html, "samples")["kept"] == sorted(kept)
    for number, layers in kept.items():
        shown = block(html, f"picture-{number}")
        assert set(shown["maps"]) == {"gradient", "gradcam"}
        for address, encoded in [(shown["picture"], layers["picture"]), (shown["maps"]["gradcam"], layers["gradcam"])]:
            assert base64.b64decode(address.removeprefix("data:image/png;base64,")) == encoded
    seen = words(html)
    assert "Pictures and maps are kept for 9 of 119 measured samples. To keep more, set maps_kept under [run]" in seen


@pytest.mark.parametrize(
    ("gallery", "sentence"),
    [
        (0, "No picture or map is kept for 29 measured samples. To keep more, set maps_kept"),
        (90, "Pictures and maps are kept for all 29 measured samples."),
    ],
)
def test_it_says_so_where_nothing_or_all_is_kept(tmp_path: Path, gallery: int, sentence: str) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=30, gallery=gallery)) as record:
        seen = words(exploration_page(record))
    assert sentence in seen


def test_methods_that_are_no_evidence_are_marked(html: str, record: Record) -> None:
    from checks.conclude import taken_out  # noqa: PLC0415 what the page itself asks

    out = taken_out(assessment_of(record).judgement.verdicts)
    assert {m["name"] for m in block(html, "samples")["methods"] if m["out"]} == out & {"gradient", "gradcam"}


def test_masks_have_their_outline(tmp_path: Path) -> None:
    inside = np.zeros((64, 64), bool)
    inside[10:20, 5:30] = True
    with Record.open(write_record(tmp_path / "audit.sqlite", n=30)) as record:
        one, other = sorted(read_thumbnails(record))[:2]
        add_rows(record, {"mask": [MaskRow(one, packed(inside))]})
        html = exploration_page(record)
    assert block(html, f"picture-{one}")["outline"] == "M5 10H30M5 20H30M5 10V20M30 10V20"
    assert block(html, f"picture-{other}")["outline"] == ""


@pytest.mark.tor("TOR-102")
@pytest.mark.tor("TOR-065")
def test_names_from_outside_stay_text(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=30)
    name = HOSTILE.replace("\ud800", "").replace("\x00", "")
    with Record.open(path) as record, record.transaction() as connection:
        connection.execute("UPDATE sample SET image = ?, label = ? WHERE id = 3", (f"</script>{name}", name))
        connection.execute("UPDATE sample SET metadata = ?", (json.dumps({f"<b>{name}": name}),))
        connection.execute("UPDATE exclusion SET detail = ?", (f"</script>{name}",))
        settings = {**record.meta("settings"), "title": name}
        connection.execute("UPDATE meta SET value = ? WHERE key = 'settings'", (json.dumps(settings),))
    with Record.open(path) as record:
        html = exploration_page(record)
    assert html.count("</script>") == html.count("<script") == 3 + len(block(html, "samples")["kept"])
    assert "\u202e" not in html
    assert text_at(block(html, "samples")["image"], 3) == "</script><script>&]]>\"'⟨U+001B⟩[31m⟨U+202E⟩￾ |`"


@pytest.mark.tor("TOR-102")
def test_a_share_is_written_as_all_or_nothing_only_where_it_is() -> None:
    values = np.array([0, 1e-12, 0.5, 1 - 1e-12, 1, np.nan])
    assert shares(values) == [0, 1, SHARE_STEPS // 2, SHARE_STEPS - 1, SHARE_STEPS, None]


def test_a_forged_picture_is_refused(tmp_path: Path) -> None:
    path = altered(write_record(tmp_path / "audit.sqlite", n=30), "UPDATE thumbnail SET encoded = x'25215053'")
    with Record.open(path) as record, pytest.raises(AuditError, match="holds a picture that cannot be shown"):
        exploration_page(record)


def test_the_same_record_gives_the_same_page(html: str, record: Record) -> None:
    assert exploration_page(record) == html


def test_a_record_without_limits_is_explored_by_the_default_ones(tmp_path: Path) -> None:
    path = write_record(tmp_path / "audit.sqlite", n=30)
    with Record.open(path) as record:
        before = exploration_page(record)
    with Record.open(altered(path, "DELETE FROM meta WHERE key = 'profile'")) as record:
        assert block(exploration_page(record), "samples") == block(before, "samples")
