"""The evidence folder, and what `verify` says of one that was tampered with."""

import base64
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

import reports.formats
import reports.verify
from audit import registry
from audit.cli.main import cli
from audit.errors import AuditError
from audit.hashing import file_hash
from audit.record.place import FILE_NAME
from audit.record.record import Record
from checks.judge import limits_of
from checks.profile import fingerprint, load_profile
from checks.rules.model_is_accurate import model_is_accurate
from fixtures.assessments import assessment_of, page_of
from fixtures.records import write_record
from reports.checksums import read_sums, sums_text
from reports.evidence_folder import FORMATS, format_files, write_evidence
from reports.page.pdf import _numbered, sheets
from reports.result.assessment import assess
from reports.result.json_text import audit_json
from reports.result.schema import Audit
from reports.verify import verify

FILES = {
    "SHA256SUMS",
    "audit.json",
    "audit.sqlite",
    "junit.xml",
    "model.cdx.json",
    "model_card.md",
    "pictures.sarif",
    "report.html",
    "statement.intoto.json",
    "summary.md",
    "traceability.csv",
}


_JSON: dict[int, str] = {}


@pytest.fixture(autouse=True)
def _made_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What verifying makes of the same record and the same limits is made once: that is most of its work.

    Not in tests that ask for `drawn_anew`, which is how they see that it is made alike each time.
    """
    if "drawn_anew" in request.fixturenames:
        return
    monkeypatch.setattr(reports.verify, "assess", assessment_of)
    monkeypatch.setattr(reports.verify, "page", page_of)
    monkeypatch.setattr(reports.verify, "audit_json", _json_of)


def _json_of(audit: Audit) -> str:
    """By identity: what `assessment_of` made is kept, so that no other takes its place."""
    if id(audit) not in _JSON:
        _JSON[id(audit)] = audit_json(audit)
    return _JSON[id(audit)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    write(write_record(folder / FILE_NAME, n=40, kind="cheating", gallery=3), folder)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "evidence"))


def write(record: Path, folder: Path) -> None:
    with Record.open(record) as opened:
        write_evidence(assess(opened), folder)


def again(folder: Path) -> None:
    """What a forger does who knows of SHA256SUMS."""
    names = [path.name for path in folder.iterdir() if path.name != "SHA256SUMS"]
    (folder / "SHA256SUMS").write_text(sums_text({name: file_hash(folder / name) for name in names}))


def problems(folder: Path, record: Path | None = None) -> list[tuple[str, str]]:
    return [(problem.kind, problem.file) for problem in verify(folder, record)]


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.tor("TOR-064")
@pytest.mark.usefixtures("drawn_anew")
def test_a_folder_as_it_was_written_fits(whole: Path) -> None:
    assert {path.name for path in whole.iterdir()} == FILES
    assert set(format_files()) == set(registry.names(FORMATS))
    assert verify(whole) == ()


@pytest.mark.slow
def test_sha256sum_agrees(whole: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum here")
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=whole, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_anew")
def test_it_is_the_same_to_the_byte_each_time(whole: Path, tmp_path: Path) -> None:
    shutil.copy(whole / FILE_NAME, tmp_path)
    write(tmp_path / FILE_NAME, tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {p.name: p.read_bytes() for p in whole.iterdir()}
    assert str(whole) not in "".join(p.read_text() for p in whole.iterdir() if p.name != FILE_NAME)


@pytest.mark.slow
@pytest.mark.tor("TOR-064")
@pytest.mark.parametrize("name", sorted(FILES - {"SHA256SUMS"}))
def test_one_byte_is_seen(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) * 2 // 3] ^= 1
    (folder / name).write_bytes(data)
    assert problems(folder) == [("altered", name)]


@pytest.mark.slow
@pytest.mark.tor("TOR-064")
def test_one_byte_of_the_sums_is_seen(folder: Path) -> None:
    replaced(folder / "SHA256SUMS", read_sums((folder / "SHA256SUMS").read_text())["junit.xml"], "0" * 64)
    assert problems(folder) == [("altered", "junit.xml")]
    (folder / "SHA256SUMS").write_text("x\n")
    assert problems(folder) == [("altered", "SHA256SUMS")]
    (folder / "SHA256SUMS").unlink()
    assert problems(folder) == [("missing", "SHA256SUMS")]


@pytest.mark.tor("TOR-064")
@pytest.mark.parametrize("name", sorted(FILES - {"SHA256SUMS"}))
def test_a_removed_file_is_missed(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert problems(folder) == [("missing", name)]


@pytest.mark.tor("TOR-064")
@pytest.mark.parametrize("name", sorted(FILES - {"SHA256SUMS"}))
def test_a_file_removed_from_the_sums_too_is_missed(folder: Path, name: str) -> None:
    (folder / name).unlink()
    again(folder)
    assert ("missing", name) in problems(folder)


@pytest.mark.slow
@pytest.mark.tor("TOR-064")
@pytest.mark.parametrize("name", ["SHA256SUMS", "audit.json", "statement.intoto.json"])
def test_a_pipe_is_no_file_and_is_not_waited_for(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert ("altered", name) in problems(folder)
    write(folder / FILE_NAME, folder)
    assert problems(folder) == []


def test_an_added_file_is_seen(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "note.txt").write_text("all is well")
    (folder / "gone.txt").symlink_to("nowhere")
    (folder / "empty").mkdir()
    assert problems(folder) == [("added", "empty"), ("added", "gone.txt"), ("added", "inner/note.txt")]


def test_an_added_file_that_is_hashed_too_is_seen(folder: Path) -> None:
    (folder / "note.txt").write_text("all is well")
    again(folder)
    assert problems(folder) == [("added", "note.txt")]


def test_a_journal_beside_the_record_is_not_acted_upon(folder: Path) -> None:
    (folder / f"{FILE_NAME}-journal").write_bytes(b"x" * 600)
    before = file_hash(folder / FILE_NAME)
    assert problems(folder) == [("added", f"{FILE_NAME}-journal")]
    assert (folder / f"{FILE_NAME}-journal").exists()
    assert file_hash(folder / FILE_NAME) == before


@pytest.mark.tor("TOR-064")
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("junit.xml", 'failures="', 'failures="1'),
        ("summary.md", "FAIL", "PASS"),
        ("model.cdx.json", '"FAIL"', '"PASS"'),
        ("pictures.sarif", '"error"', '"note"'),
        ("statement.intoto.json", '"FAILED"', '"PASSED"'),
        ("report.html", "FAIL", "PASS"),
    ],
)
def test_a_forger_who_hashes_again_is_seen(folder: Path, name: str, old: str, new: str) -> None:
    replaced(folder / name, old, new)
    again(folder)
    assert {file for kind, file in problems(folder) if kind == "altered"} == {name}


def all_again(folder: Path) -> None:
    """What a forger does who knows of the statement and the bill of materials too."""
    old = read_sums((folder / "SHA256SUMS").read_text())
    for name in ("statement.intoto.json", "model.cdx.json"):
        replaced(folder / name, old["report.html"], file_hash(folder / "report.html"))
    again(folder)


def forged_pictures(html: str) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 60), "green").save(buffer, "WEBP")
    return re.sub(r"(?<=;base64,)[A-Za-z0-9+/=]+(?=\")", base64.b64encode(buffer.getvalue()).decode(), html)


def longer_pictures(html: str) -> str:
    """The same pictures, with a colour profile's chunk behind each that Pillow does not show."""

    def longer(found: re.Match[str]) -> str:
        return base64.b64encode(base64.b64decode(found[0]) + b"ICCP\4\0\0\0oops").decode()

    return re.sub(r"(?<=;base64,)[A-Za-z0-9+/=]+(?=\")", longer, html)


@pytest.mark.tor("TOR-064")
@pytest.mark.parametrize(
    "forge",
    [
        forged_pictures,
        longer_pictures,
        lambda html: html.replace("</h1>", "data:image/webp;base64,/OVERRULED/THE/AUDIT/IS/PASS</h1>"),
        lambda html: html.replace("</h1>", 'src="data:image/webp;base64,/OVERRULED"</h1>'),
        lambda html: html.replace('class="', 'class="data:image/webp;base64,'),
    ],
)
def test_a_page_that_shows_something_else_is_seen(folder: Path, forge: Callable[[str], str]) -> None:
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert forge(html) != html
    (folder / "report.html").write_text(forge(html), encoding="utf-8")
    all_again(folder)
    assert problems(folder) == [("altered", "report.html")]


def test_pictures_of_another_encoder_fit(folder: Path) -> None:
    def encoded_again(found: re.Match[str]) -> str:
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(base64.b64decode(found[0]))) as picture:
            picture.save(buffer, "WEBP", quality=80, method=6)
        return base64.b64encode(buffer.getvalue()).decode()

    html = (folder / "report.html").read_text(encoding="utf-8")
    other = re.sub(r"(?<=;base64,)[A-Za-z0-9+/=]+(?=\")", encoded_again, html)
    assert other != html
    (folder / "report.html").write_text(other, encoding="utf-8")
    all_again(folder)
    assert verify(folder) == ()


@pytest.mark.slow
@pytest.mark.tor("TOR-064")
def test_pictures_exchanged_in_the_record_are_not_those_of_the_statement(folder: Path) -> None:
    connection = sqlite3.connect(folder / FILE_NAME)
    with connection:
        connection.execute("UPDATE thumbnail SET encoded = (SELECT encoded FROM thumbnail LIMIT 1)")
    connection.close()
    again(folder)
    seen = verify(folder)
    assert ("altered", FILE_NAME, "statement.intoto.json names another hash of 'audit.sqlite'") in seen
    assert ("altered", "audit.json") in [(problem.kind, problem.file) for problem in seen]


@pytest.mark.tor("TOR-064")
@pytest.mark.parametrize("name", sorted(FILES))
def test_a_link_is_no_file_of_the_folder(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    assert problems(folder) == [("altered", name)]


@pytest.mark.parametrize("ending", ["-journal", "-wal"])
def test_a_journal_beside_a_record_elsewhere_is_not_acted_upon(whole: Path, folder: Path, ending: str) -> None:
    record = folder.with_name("elsewhere.sqlite")
    shutil.copy(whole / FILE_NAME, record)
    (folder / FILE_NAME).unlink()
    (folder / "SHA256SUMS").unlink()
    again(folder)
    assert problems(folder, record) == []
    journal = record.with_name(f"{record.name}{ending}")
    journal.write_bytes(b"x" * 600)
    link = folder.with_name("link.sqlite")
    link.symlink_to(record)
    for named in (record, link):
        assert problems(folder, named) == [("added", journal.name)]
    assert journal.read_bytes() == b"x" * 600


@pytest.mark.slow
def test_a_forged_result_is_told_by_what_it_says(folder: Path) -> None:
    stated = json.loads((folder / "audit.json").read_text())
    stated["judgement"]["outcome"] = stated["outcome"] = "PASS"
    (folder / "audit.json").write_text(json.dumps(stated, sort_keys=True, indent=1) + "\n")
    again(folder)
    problem = next(problem for problem in verify(folder) if problem.file == "audit.json")
    assert problem.reason == (
        'it is not what the record says: judgement.outcome is "PASS", by the record "FAIL"; outcome is "PASS",'
        ' by the record "FAIL"'
    )
    assert ("altered", "audit.json", "statement.intoto.json names another hash of 'audit.json'") in verify(folder)


@pytest.mark.slow
@pytest.mark.tor("TOR-064")
def test_a_forged_record_is_not_what_was_told(folder: Path) -> None:
    connection = sqlite3.connect(folder / FILE_NAME)
    with connection:
        connection.execute("UPDATE answer SET log_odds = 9 WHERE intervention = 'background_replaced'")
    connection.close()
    again(folder)
    assert {"audit.json", "report.html", "summary.md", "junit.xml"} <= {file for _, file in problems(folder)}


@pytest.mark.slow
def test_limits_that_were_not_fixed_before_the_run_do_not_fit(folder: Path) -> None:
    with Record.open(folder / FILE_NAME) as record:
        registered = limits_of(record)
        loose = registered.model_copy(
            update={"name": "loose", "rules": {"model_is_accurate": registered.rules["model_is_accurate"]}}
        )
        loose = loose.model_copy(update={"sha256": fingerprint(loose)})
        assessment = assess(record, loose)
        assert assessment.judgement.outcome == "PASS"
        write_evidence(assessment, folder)
    (problem,) = verify(folder)
    assert problem.kind == "late limits"
    assert "(profile loose)" in problem.reason


@pytest.mark.slow
def test_a_profile_in_the_record_that_is_not_its_hash_does_not_fit(folder: Path) -> None:
    profile = load_profile("default").model_dump()
    profile["rules"]["model_is_accurate"] = {"min_accuracy": 0.01}
    with Record.open(folder / FILE_NAME) as record:
        record.set_meta("profile", profile)
    write(folder / FILE_NAME, folder)
    assert problems(folder) == [("late limits", "audit.json")]


@pytest.mark.tor("TOR-007")
def test_what_a_folder_names_is_never_imported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports.verify, "page", lambda _: "")
    sys.modules.pop("this", None)
    stated = json.loads((folder / "audit.json").read_text())
    stated["judgement"]["profile"]["rules"] = {"this:c": {"why": "Because."}}
    (folder / "audit.json").write_text(json.dumps(stated, sort_keys=True, indent=1) + "\n")
    again(folder)
    assert ("late limits", "audit.json") in problems(folder)
    assert "this" not in sys.modules


@pytest.mark.slow
def test_rules_of_ones_own_come_from_the_profile_that_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("json.own_rule", model_is_accurate, raising=False)
    monkeypatch.setattr(reports.verify, "assess", assess)
    monkeypatch.setattr(reports.verify, "page", lambda _: (folder / "report.html").read_text())
    (own := folder.parent / "own.toml").write_text('[rules."json:own_rule"]\nmin_accuracy = 0.5\nwhy = "Because."\n')
    with Record.open(folder / FILE_NAME) as record:
        record.set_meta("profile", load_profile(own).model_dump())
        write_evidence(assess(record, own), folder)
    assert json.loads((folder / "audit.json").read_text())["outcome"] == "PASS"
    assert verify(folder, profile=own) == ()
    assert ("altered", "audit.json") in problems(folder), "nobody names the rule"


def test_a_broken_record_cannot_be_judged(folder: Path) -> None:
    (folder / FILE_NAME).write_bytes(b"x" * 5000)
    again(folder)
    assert problems(folder) == [("altered", FILE_NAME)]
    assert "cannot be judged again" in verify(folder)[0].reason


@pytest.mark.slow
def test_the_record_may_lie_elsewhere(whole: Path, tmp_path: Path) -> None:
    with Record.open(whole / FILE_NAME) as record:
        write_evidence(assess(record), tmp_path)
    assert not (tmp_path / FILE_NAME).exists()
    assert problems(tmp_path) == [("missing", FILE_NAME)]
    assert problems(tmp_path, whole / FILE_NAME) == []
    other = write_record(tmp_path.parent / f"{tmp_path.name}-other.sqlite", n=40, kind="honest", gallery=3)
    assert ("altered", "audit.json") in problems(tmp_path, other)


@pytest.mark.slow
def test_a_pdf_belongs_to_its_report(folder: Path) -> None:
    made: list[Path] = []

    def printer(page: Path, target: Path) -> None:
        made.append(page)
        target.write_bytes(b"%PDF")

    with Record.open(folder / FILE_NAME) as record:
        write_evidence(assess(record), folder, printer)
        assert made == [folder / "report.html"]
        assert "report.pdf" in read_sums((folder / "SHA256SUMS").read_text())
        assert verify(folder) == ()
        fits = called("verify", str(folder))
        assert fits.return_value == 0
        assert "report.pdf: its content is not compared, only its hash" in fits.output
        assert "and each but report.pdf says what the record says." in fits.output
        assert json.loads(called("verify", str(folder), "--json").output)["not_compared"] == ["report.pdf"]
        (folder / "report.pdf").write_bytes(b"%FDP")
        assert problems(folder) == [("altered", "report.pdf")]
        write_evidence(assess(record), folder)
    assert not (folder / "report.pdf").exists()
    assert verify(folder) == ()


def _print(_page: Path, target: Path) -> None:
    target.write_bytes(b"%PDF")


@pytest.mark.slow
def test_the_pdf_of_the_same_page_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Record.open(folder / FILE_NAME) as record:
        assessment = assess(record)
        monkeypatch.setattr("reports.evidence_folder.page", lambda _: "<html>one</html>")
        write_evidence(assessment, folder, _print)
        before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}
        write_evidence(assessment, folder)
        assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()} == before
        monkeypatch.setattr("reports.evidence_folder.page", lambda _: "<html>another</html>")
        write_evidence(assessment, folder)
    assert not (folder / "report.pdf").exists()


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="no such folder; need an evidence folder"):
        verify(tmp_path / "nothing")


@pytest.mark.parametrize("line", ["", "x", f"{'0' * 64}  ../a", f"{'0' * 64}  a/b", f"{'0' * 63}  a", f"{'0' * 64} *a"])
def test_sums_name_plain_files_only(line: str) -> None:
    good = f"{'1' * 64}  a\n"
    assert read_sums(good) == {"a": "1" * 64}
    with pytest.raises(ValueError, match="line 2 is no hash of a file in the folder"):
        read_sums(f"{good}{line}\n")
    with pytest.raises(ValueError, match="line 2"):
        read_sums(good * 2)


@pytest.mark.slow
def test_the_command_answers_with_its_exit_code(folder: Path, tmp_path: Path) -> None:
    fits = called("verify", str(folder))
    assert (fits.return_value, fits.exit_code) == (0, 0)
    assert "every file is as SHA256SUMS lists it, and says what the record says. Only a signature" in fits.output
    (folder / "junit.xml").unlink()
    (folder / "[bold]x").touch()
    broken = called("verify", str(folder))
    assert broken.return_value == 2
    assert "missing     junit.xml: SHA256SUMS lists it" in broken.output
    assert "added       [bold]x: SHA256SUMS does not list it" in broken.output
    found = json.loads(called("verify", str(folder), "--json").output)
    assert found["fits"] is False
    assert [problem["kind"] for problem in found["problems"]] == ["added", "missing"]
    moved = tmp_path / "moved"
    assert called("report", str(folder), "--out", str(moved)).return_value == 1
    alone = called("verify", str(moved))
    assert alone.return_value == 2
    assert "moved lacks its record alone: SHA256SUMS lists the other files as they are." in alone.output
    assert "differs" not in alone.output
    (moved / "junit.xml").unlink()
    assert "moved differs from the evidence" in called("verify", str(moved)).output
    assert called("report", str(folder), "--out", str(moved)).return_value == 1
    assert called("verify", str(moved), "--record", str(folder)).return_value == 0


@pytest.mark.slow
def test_a_pdf_that_cannot_be_made_is_skipped_in_a_clear_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    done = called("report", str(folder), "--pdf")
    assert done.return_value == 1
    assert "skipped: report.pdf: not made: Playwright is not installed; need the extra pdf." in done.output
    assert verify(folder) == ()


@pytest.mark.slow
def test_a_pdf_is_the_same_each_time(folder: Path) -> None:
    pytest.importorskip("playwright")
    if shutil.which("chromium") is None:
        pytest.skip("no Chromium here")
    assert called("report", str(folder), "--pdf").return_value == 1
    first = (folder / "report.pdf").read_bytes()
    assert first.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in first
    assert b"/Outlines" in first
    assert b"(D:19700101000000+00'00')" in first
    assert verify(folder) == ()
    called("report", str(folder), "--pdf")
    assert (folder / "report.pdf").read_bytes() == first


@pytest.mark.slow
@pytest.mark.tor("TOR-116")
def test_the_summary_is_two_sheets_and_belongs_to_its_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("playwright")
    if shutil.which("chromium") is None:
        pytest.skip("no Chromium here")
    assert called("report", str(folder), "--pdf").return_value == 1
    whole, summary = ((folder / name).read_bytes() for name in ("report.pdf", "report-summary.pdf"))
    assert 1 <= sheets(summary) <= 2 < sheets(whole)
    assert "report-summary.pdf" in read_sums((folder / "SHA256SUMS").read_text())
    assert verify(folder) == ()
    (folder / "report-summary.pdf").unlink()
    assert problems(folder) == [("missing", "report-summary.pdf")]
    called("report", str(folder), "--pdf")
    assert (folder / "report-summary.pdf").read_bytes() == summary
    monkeypatch.setattr("reports.evidence_folder.page", lambda _: "<html>another</html>")
    with Record.open(folder / FILE_NAME) as record:
        write_evidence(assess(record), folder)
    assert not (folder / "report-summary.pdf").exists()


def test_the_tags_of_a_pdf_are_numbered_alike_wherever_the_browser_began_to_count() -> None:
    begun_at = [b"/ID (node%08d) /ID (node%08d) /Names [(node%08d) 7 0 R]" % (n + 9, n + 2, n + 2) for n in (0, 283)]
    expected = b"/ID (node00000002) /ID (node00000001) /Names [(node00000001) 7 0 R]"
    assert [_numbered(printed) for printed in begun_at] == [expected, expected]


def called(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


@pytest.mark.slow
def test_a_format_is_one_new_file(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "formats"
    package.mkdir()
    (package / "plain.py").write_text(
        "FILE = 'plain.txt'\n\ndef plain(assessment, digests):\n    return assessment.judgement.outcome + '\\n'\n"
    )
    monkeypatch.setattr("reports.formats.__path__", [*reports.formats.__path__, str(package)])
    out = tmp_path / "out"
    with Record.open(whole / FILE_NAME) as record:
        write_evidence(assess(record), out)
    assert (out / "plain.txt").read_text() == "FAIL\n"
    assert "plain.txt" in read_sums((out / "SHA256SUMS").read_text())
    monkeypatch.delitem(sys.modules, "reports.formats.plain")
