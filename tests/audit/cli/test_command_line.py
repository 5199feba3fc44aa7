"""The command line as users meet it: output, errors, exit codes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from audit import registry
from audit.cli.main import main
from audit.engine.rows import measure_batch
from fixtures.scene import write_scene
from fixtures.shapes import write_shapes


class Shell:
    """Runs commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["saliency-audit", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = self._capsys.readouterr()
        return int(stop.value.code or 0), out, err


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(capsys, monkeypatch)


@pytest.mark.slow
def test_a_run_says_that_it_does_not_look_at_the_baseline(shell: Shell, tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=6)
    settings.write_text(settings.read_text() + '\n[judge]\nbaseline = "accepted.json"\n')
    _, _, err = shell("run", settings, "--out", "first")
    baseline = settings.parent / "accepted.json"
    assert f"There is no {baseline} to compare it with: saliency-audit accept first --baseline {baseline}" in err
    baseline.touch()
    _, _, err = shell("run", settings, "--out", "second")
    assert f"To compare it with the baseline: saliency-audit compare {baseline} second" in err


@pytest.mark.slow
@pytest.mark.tor("TOR-067")
def test_run_check_and_report(shell: Shell, tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=20, experiments=True)
    code, out, err = shell("run", settings, "--out", "first")
    assert code == {"FAIL": 1, "INVALID": 2, "INCONCLUSIVE": 3}[out.split()[0]]
    assert "Right for the wrong reason by gradient:" in out
    assert "Report: first/report.html" in out
    assert "audit: 20 of 20" in err
    assert err.index("audit: 20 of 20") < err.index("audit: randomisation, 1 of 5")
    assert "baseline" not in err
    stored = json.loads((tmp_path / "first" / "audit.json").read_text())
    code_again, printed, _ = shell("check", "first", "--json")
    assert code_again == code
    assert json.loads(printed)["outcome"] == stored["judgement"]["outcome"]
    assert json.loads(printed)["fixed_beforehand"] is True
    before = {name: (tmp_path / "first" / name).read_bytes() for name in ("audit.json", "report.html")}
    assert shell("report", "first/audit.sqlite", "--out", "again")[0] == code
    assert {name: (tmp_path / "again" / name).read_bytes() for name in before} == before
    shell("run", settings, "--out", "other")
    code, _, err = shell("report", "first", "--out", "other")
    assert code == 2
    assert "other: holds another run; need a folder of its own. Choose another --out." in err


@pytest.mark.slow
@pytest.mark.tor("TOR-052", "TOR-053", "TOR-067")
def test_a_run_can_be_repeated_byte_for_byte_and_goes_on_after_an_interruption(shell: Shell, tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=20, experiments=True)
    shell("run", settings, "--out", "whole")
    calls = []

    def interrupted(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure_batch(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.engine.pictures.measure_batch", interrupted)
        code, _, err = shell("run", settings, "--out", "cut")
    assert code == 130
    assert "The measured batches are kept. Continue with --out cut --resume." in err
    code, out, _ = shell("check", "cut")
    assert code == 2
    assert "INVALID" in out
    code, _, err = shell("run", settings, "--out", "cut")
    assert code == 2
    assert "cut: holds a run; need a new folder. Choose another --out, or continue with --resume." in err
    shell("run", settings, "--out", "cut", "--resume")
    for name in ("audit.json", "report.html"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.slow
@pytest.mark.tor("TOR-068")
def test_nothing_that_breaks_looks_like_a_verdict(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = write_shapes(tmp_path / "data", pictures=6)
    text = settings.read_text()
    own = tmp_path / "data" / "own_code.py"
    own.write_text(
        "import sys\n\ndef crash(batch): raise RuntimeError('boom')\n\n"
        "def cut(batch): return batch.differentiate().gradient[:, :, :3]\n\ndef leave(): sys.exit(0)\n"
    )
    for change, message in {
        (
            '"gradient"',
            '{name = "own_code:crash"}',
        ): "own_code.py line 3 raises RuntimeError: boom. Nothing was judged; mend",
        (
            '"gradient"',
            '{name = "own_code:cut"}',
        ): "own_code:cut: returns maps of shape (2, 3, 3, 24); need (2, 1, 24,",
        ("fixtures.shapes:network", "own_code:leave"): "error: ",
    }.items():
        settings.write_text(text.replace(*change))
        code, out, err = shell("run", settings, "--out", "out")
        assert code == 2, change
        assert out == ""
        assert message in err
    settings.write_text(text)
    for picture in (tmp_path / "data" / "images").iterdir():
        picture.write_bytes(b"")
    code, out, _ = shell("run", settings, "--out", "nothing")
    assert code == 2
    assert out.startswith("INVALID")
    assert (tmp_path / "nothing" / "report.html").exists()
    code, _, err = shell("run", settings, "--out", "typo", "--resume")
    assert code == 2
    assert "no such record; need the record of an interrupted run" in err


@pytest.mark.slow
@pytest.mark.tor("TOR-068")
def test_a_model_that_prints_does_not_spoil_the_result(shell: Shell, tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=6)
    (tmp_path / "data" / "chatty.py").write_text(
        "from fixtures.shapes import network\n\ndef talking():\n    print('loading')\n    return network()\n"
    )
    settings.write_text(settings.read_text().replace("fixtures.shapes:network", "chatty:talking"))
    _, out, err = shell("run", settings, "--json")
    assert json.loads(out)["outcome"]
    assert "loading" in err


@pytest.mark.slow
@pytest.mark.tor("TOR-045")
def test_limits_that_were_chosen_afterwards_are_said(shell: Shell, tmp_path: Path) -> None:
    shell("run", write_shapes(tmp_path / "data", pictures=6), "--out", "out")
    (tmp_path / "mine.toml").write_text(
        '[rules.model_is_accurate]\nmin_accuracy = 0.1\nwhy = "Chosen after the result was seen."\n'
    )
    _, out, _ = shell("check", "out", "--profile", "mine.toml")
    assert "The limits were not fixed before the run (profile mine): base no claim on this." in out
    assert "not fixed" not in shell("check", "out")[1]


@pytest.mark.slow
@pytest.mark.tor("TOR-068")
def test_a_closed_pipe_keeps_the_exit_code(shell: Shell, tmp_path: Path) -> None:
    expected = shell("run", write_shapes(tmp_path / "data", pictures=6), "--out", "out")[0]
    command = [sys.executable, "-m", "audit", "check", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == expected
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.slow
@pytest.mark.tor("TOR-068", "TOR-080")
def test_json_is_all_there_is_on_stdout_and_what_the_data_can_answer_comes_first(shell: Shell, tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=6)
    code, out, err = shell("run", settings, "--json")
    printed = json.loads(out)
    assert printed["outcome"] in {"FAIL", "INCONCLUSIVE", "INVALID"}
    assert code > 0
    assert (tmp_path / "audit-audit" / "report.html").exists()
    first, second, *_ = err.splitlines()
    assert first == "audit: 6 samples of 2 classes (3 each) in 6 pictures; 0 excluded so far."
    assert second.startswith("audit: control_is_caught cannot pass: it needs the experiment planted_cue")
    assert err.index("So this audit cannot end as PASS") < err.index("audit: 0 of 6")
    assert printed["preflight"]["sentences"][0] == first.removeprefix("audit: ")
    asked = {entry["rule"]: entry for entry in printed["preflight"]["questions"]}
    assert asked["evidence_is_complete"]["answerable"] is False
    demand = {"key": "distinct_pictures", "have": 6, "needed": 59, "by_cluster": False, "details": {}, "met": False}
    assert asked["evidence_is_complete"]["demands"][0] == demand


OF_LIBRARY = "saliency method of a library"


def test_list_shows_all_there_is_in_code_order(shell: Shell) -> None:
    code, out, _ = shell("list", "--json")
    shown = json.loads(out)
    packages = registry.packages("audit", "checks", "reports")
    assert code == 0
    assert list(shown) == [*map(registry.noun, packages), "profile", "standard", "report section", OF_LIBRARY]
    for package in packages:
        assert list(shown[registry.noun(package)]) == registry.names(package)
    root = Path(__file__).parents[3]
    for noun, files in (
        ("profile", "checks/profiles/*.toml"),
        ("standard", "reports/standards/*.toml"),
        ("report section", "reports/sections/*.html.j2"),
    ):
        assert list(shown[noun]) == sorted(file.name.partition(".")[0] for file in root.glob(files))
    assert all(line for entries in shown.values() for line in entries.values())
    assert shown["saliency method"]["gradcam"].endswith(" Options: layer = none. Needs: gradient, layers.")
    assert list(shown[OF_LIBRARY]) == list(registry.of_libraries("audit.saliency.methods"))
    assert "n_samples = 5" in shown[OF_LIBRARY]["captum:GradientShap"]


def test_list_is_a_table_for_people(shell: Shell) -> None:
    code, out, _ = shell("list")
    assert code == 0
    headings = {line.strip() for line in out.splitlines()}
    assert {
        "searches",
        "saliency methods",
        "saliency methods of a library",
        "saliency libraries",
        "profiles",
    } <= headings


@pytest.mark.tor("TOR-067")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "none.toml"], "error: none.toml: no such file; need a settings file. Write one: saliency-audit init."),
        (["check", "none"], "error: none: no such record; need the audit.sqlite of a run."),
        (["explain", "none.jpg"], "error: explain: no model; need --model KIND:NAME"),
        (["explain", "none.jpg", "--model", "torchvison:x"], "no model kind 'torchvison'; did you mean 'torchvision'?"),
        (["explain", "none.jpg", "--model", "torchvision:resnt18"], "'resnt18'; did you mean 'resnet18'?"),
        (["init", "nowhere"], "error: nowhere: no such file or folder; need a dataset"),
        (["init", "."], "no format reads a dataset here"),
        (["runn"], "No such command 'runn'"),
        (["run", "x.toml", "--devise", "cpu"], "No such option"),
    ],
)
def test_errors_say_what_to_do_and_leave_with_2(shell: Shell, arguments: list[str], message: str) -> None:
    code, out, err = shell(*arguments)
    assert code == 2
    assert out == ""
    assert message in err


@pytest.mark.tor("TOR-010")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("batch_size", "batchsize", "audit.toml: no key 'run.batchsize'; did you mean 'batch_size'?"),
        ('name = "smoothgrad"', 'name = "smothgrad"', "no saliency method 'smothgrad'; did you mean 'smoothgrad'?"),
        ("samples = 2", "sample = 2", "saliency method 'smoothgrad': no option 'sample'; did you mean 'samples'?"),
        ('name = "smoothgrad"', 'name = "smoothgrad", lable = "s"', "no option 'lable'; did you mean 'label'?"),
        ('images = "images"', 'images = "images"\nmax_bx_share = 1', "'max_bx_share'; did you mean 'max_box_share'?"),
        ('classes = ["dark', 'clases = ["dark', "no option 'clases'; did you mean 'classes'?"),
        ('format = "csv"', 'format = "cvs"', "no dataset format 'cvs'; did you mean 'csv'?"),
        ('["dark", "light"]', '["dark", "bright"]', "'light'"),
        ('["dark", "light"]', '["dark", "light", "more"]', "returns 2 classes, but 3 class names are given"),
        (
            'images = "images"',
            'images = "pictures"',
            "data.images = 'pictures' is not a folder; need the pictures' folder",
        ),
        ('"boxes.csv"', '"boxes.txt"', "boxes.txt: no such file"),
        ("[run]", '[judge]\nprofile = "defualt"\n[run]', "no profile 'defualt'; did you mean 'default'?"),
        ("[preprocessing]", "[nothing]", "no key 'nothing'"),
    ],
)
def test_broken_settings(shell: Shell, tmp_path: Path, old: str, new: str, message: str) -> None:
    settings = write_shapes(tmp_path / "data", pictures=6)
    text = settings.read_text()
    assert old in text
    settings.write_text(text.replace(old, new))
    code, _, err = shell("run", settings, "--out", "out")
    assert code == 2
    assert message in err
    assert not (tmp_path / "out" / "report.html").exists()


def test_a_folder_that_cannot_be_written(shell: Shell, tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=6)
    (tmp_path / "file").write_text("")
    code, _, err = shell("run", settings, "--out", "file/out")
    assert code == 2
    assert "cannot be made" in err


@pytest.mark.slow
def test_init_writes_settings_that_name_the_data(shell: Shell, tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "scene")
    for place, expected in {
        scene.annotations["coco"]: "coco",
        scene.annotations["csv"]: "csv",
        scene.annotations["voc"]: "voc",
        scene.annotations["yolo"]: "yolo",
    }.items():
        code, out, _ = shell("init", place, "--out", f"{expected}.toml")
        assert code == 0, expected
        assert f"{expected}: " in out
        text = (tmp_path / f"{expected}.toml").read_text()
        assert f'format = "{expected}"' in text
        code, _, err = shell("run", f"{expected}.toml")
        assert code == 2
        assert "model:network: cannot be imported (No module named 'model')" in err, "what its owner is to fill in"
        assert "no [preprocessing]" in err
    code, _, err = shell("init", scene.annotations["csv"], "--out", "csv.toml")
    assert code == 2
    assert "csv.toml: exists" in err


CSV_HEADER = "image,label,x0,y0,x1,y1\n"
NO_FORMAT = {
    "nothing": (
        {},
        {"coco": "no .json file.", "csv": "no .csv file.", "voc": "no .xml file.", "yolo": "no .yaml file."},
    ),
    "not yet a dataset": (
        {
            "boxes.csv": "image;label;x0;y0;x1;y1\n",
            "a.json": '{"annotations": []}',
            "b.json": "{}",
            "data.yml": "nc: 2",
        },
        {
            "coco": "a.json: no list 'images' (there is annotations). Nor does another .json file fit.",
            "csv": "boxes.csv line 1: no column 'image' (there is image;label;x0;y0;x1;y1). Separate the columns by"
            " commas.",
            "yolo": "data.yml: names is None. Add 'names: [cat, dog]'.",
        },
    ),
    "no picture": (
        {"boxes.csv": f"{CSV_HEADER}a.png,dark,1,2,3,4\n"},
        {"csv": "boxes.csv: 1 sample, but no picture 'a.png' in any folder nearby."},
    ),
    "no box": (
        {"boxes.csv": f"{CSV_HEADER}a.png,dark,3,2,1,4\n"},
        {"csv": "boxes.csv: no usable sample; boxes.csv line 2: box (3, 2, 1, 4) is swapped;"},
    ),
}


@pytest.mark.parametrize("case", NO_FORMAT)
def test_init_says_why_each_format_does_not_take_it(shell: Shell, tmp_path: Path, case: str) -> None:
    files, why = NO_FORMAT[case]
    (tmp_path / "data" / "sub").mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / "data" / name).write_text(text)
    code, _, err = shell("init", "data")
    told = [line.strip() for line in err.splitlines()]
    assert code == 2
    assert told[0] == "error: data: no format reads a dataset here; need annotations and their pictures. Why not:"
    assert [line.partition(":")[0] for line in told[1:-1]] == registry.names("audit.datasets.formats")
    for name, said in why.items():
        assert any(line.startswith(f"{name}: {said}") for line in told), (name, told)
    step = "Put the folder of pictures beside" if case in {"no picture", "no box"} else "If the annotations lie"
    assert told[-1].startswith(step)


def test_init_says_of_a_single_file_what_each_format_saw(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text('{"a": 1}')
    told = shell("init", "one.json")[2]
    assert "  coco: one.json: no list 'images' (there is a).\n" in told
    assert "  yolo: one.json: names is None.\n" in told
    assert "no column 'image'" in told
    assert told.splitlines()[-1].startswith("Fix them, or convert them to another format")


@pytest.mark.slow
def test_explain_shows_five_classes_and_writes_the_picture(shell: Shell, tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=2)
    picture = tmp_path / "data" / "images" / "001.png"
    code, out, _ = shell("explain", picture, "--settings", settings, "--json")
    assert code == 0
    answer = json.loads(out)
    assert [entry["name"] for entry in answer["top"]] == sorted(
        ["dark", "light"], key=lambda name: name != answer["target"]["name"]
    )
    assert sum(entry["probability"] for entry in answer["top"]) == pytest.approx(1)
    with Image.open(answer["image"]) as drawn:
        assert drawn.width > 2 * drawn.height
    window = ("--vmin", "0.1", "--vmax", "0.4")
    code, out, _ = shell("explain", picture, "--settings", settings, "--target", "dark", *window, "--out", "x.png")
    assert code == 0
    assert "evidence for dark" in out
    assert "window 0.1 to 0.400 of the maximum" in out
    for wrong, message in {
        ("--target", "drak"): "no class 'drak'; did you mean 'dark'?",
        ("--vmin", "0.5", "--vmax", "0.2"): "window: vmin 0.5, vmax 0.2; need vmin < vmax",
        ("--out", "no/such/folder/x.png"): "cannot be written",
        ("--out", "a"): "a: has no ending; need the name of a picture. Name it a.png.",
        ("--method", "gradcm"): "did you mean 'gradcam'?",
    }.items():
        code, _, err = shell("explain", picture, "--settings", settings, *wrong)
        assert code == 2
        assert message in err


@pytest.mark.tor("TOR-053")
@pytest.mark.slow
def test_a_killed_process_loses_at_most_a_batch(tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=400)
    command = [sys.executable, "-m", "audit", "run", str(settings), "--out"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([*command, str(tmp_path / "cut")], env=environment, stderr=subprocess.DEVNULL) as process:
        place = tmp_path / "cut"
        while sum(file.stat().st_size for file in place.glob("audit.sqlite*")) < 200_000:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    resumed = subprocess.run([*command, str(tmp_path / "cut"), "--resume"], env=environment, check=False)
    whole = subprocess.run([*command, str(tmp_path / "whole")], env=environment, check=False)
    assert resumed.returncode == whole.returncode
    for name in ("audit.json", "report.html"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.tor("TOR-031", "TOR-067")
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_passes_the_honest_and_fails_the_cheat(shell: Shell, tmp_path: Path) -> None:
    code, out, _ = shell("demo")
    assert code == 0
    assert out.index("PASS") < out.index("FAIL")
    place = tmp_path / "saliency-audit-demo"
    assert "honest/report.html" in (place / "index.html").read_text()
    for name, outcome in (("honest", "PASS"), ("cheating", "FAIL")):
        assert json.loads((place / name / "audit.json").read_text())["judgement"]["outcome"] == outcome


def test_init_names_the_file_that_it_took_and_those_that_it_did_not(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "data" / "a.png")
    for name in ("first", "second"):
        (tmp_path / "data" / f"{name}.csv").write_text(f"{CSV_HEADER}a.png,dark,1,2,3,4\n")
    code, out, _ = shell("init", "data")
    assert code == 0
    assert out.startswith("csv: 1 sample, 1 with their picture, from data/first.csv.\nNot taken: data/second.csv. ")


@pytest.mark.parametrize("began", [False, True])
def test_an_interruption_says_how_to_go_on(
    began: bool, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = write_shapes(tmp_path / "data", pictures=2)

    def interrupted(_: object, out: Path, *__: object) -> None:
        if began:
            out.mkdir()
            (out / "audit.sqlite").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr("audit.cli.run.audit_with_progress", interrupted)
    code, _, err = shell("run", settings, "--out", "cut")
    assert code == 130
    assert ("Continue with --out cut --resume." in err) == began
    assert ("Nothing was measured yet, so nothing is kept. Start again without --resume." in err) != began


@pytest.mark.parametrize("error", [asyncio.CancelledError, GeneratorExit])
def test_what_other_code_ends_the_run_with_is_no_defect(
    error: type[BaseException], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("audit.cli.main.cli.main", ended)
    code, _, err = shell("list")
    assert code == 2
    assert err == f"error: the code that the settings name ended the run ({error.__name__}); nothing was judged\n"


@pytest.mark.slow
def test_explain_draws_several_methods_in_one_figure(shell: Shell, tmp_path: Path) -> None:
    settings = write_shapes(tmp_path / "data", pictures=2)
    picture = tmp_path / "data" / "images" / "001.png"
    asked = ("--settings", settings, "--method", "gradient", "--method", "gradcam")
    code, out, _ = shell("explain", picture, *asked, "--out", "x.png")
    assert code == 0
    assert "gradient and gradcam: evidence for" in out
    assert "window 0 to the 99.5th percentile of each map" in out
    with Image.open("x.png") as drawn:
        assert drawn.height > drawn.width / 2
    code, out, _ = shell("explain", picture, *asked, "--json")
    assert code == 0
    assert json.loads(out)["image"] == "001-methods.png"
