"""Bad pictures and annotations: each file in `fixtures/broken` has its message, and the good sample beside it stays."""

from pathlib import Path

import pytest

from audit.datasets.displayed_boxes import displayed_boxes
from audit.datasets.exclusions import Reason, Rejected
from audit.datasets.picture_files import open_picture
from audit.datasets.sample import Dataset
from audit.errors import AuditError
from audit.registry import resolve
from fixtures.broken import make

BROKEN = Path(make.__file__).parent
PICTURES = BROKEN / "pictures"
CORNERS = "need x and y of the corners A, B, C and D."
COLUMNS = "need image, height, width, watermark_height, x_A, y_A, x_B, y_B, x_C, y_C, x_D, y_D."
WATERMARK = "need a whole number of pixels under half of the height 48."
FOUR = "need four numbers x, y, width, height."
OUTSIDE = "leaves the 64x48 picture; need 0 <= x0 and x1 <= 64, 0 <= y0 and y1 <= 48."


def read(form: str, annotations: Path, images: Path) -> Dataset:
    dataset: Dataset = resolve("audit.datasets.formats", form)(annotations, images)
    return dataset


def leaves(form: str, annotations: Path, images: Path) -> tuple[set[str], dict[str, tuple[str, str]]]:
    """(labels that stay, picture and label to reason and detail) after annotations and pictures have been looked at."""
    dataset = read(form, annotations, images)
    stay, gone = set(), {f"{e.image} {e.label}": (e.reason, e.detail) for e in dataset.exclusions}
    for sample in dataset.samples:
        try:
            displayed_boxes(sample, open_picture(images / sample.image, images).header)
        except Rejected as error:
            gone[f"{sample.image} {sample.label}"] = error.reason, error.detail
        else:
            stay.add(f"{sample.image} {sample.label}")
    assert {reason for reason, _ in gone.values()} <= {*Reason}, "each is listed where a stranger looks"
    return stay, gone


@pytest.mark.parametrize(
    "folder",
    [BROKEN / name for name in ("pictures", "coco", "csv", "lard", "voc", "yolo")],
    ids=lambda f: f.name,
)
def test_the_committed_files_are_those_of_the_script(folder: Path) -> None:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    made = getattr(make, folder.name)()
    assert set(files) == set(made)
    if folder.name != "pictures":  # another Pillow may compress otherwise
        assert all(made[name] == path.read_bytes() for name, path in files.items() if path.suffix != ".png")
    assert sum(path.stat().st_size for path in files.values()) < 50_000


PICTURE_CASES = {
    "bomb.png": ("oversized picture", "40000x40000 pixels; need at most 100 megapixels."),
    "empty.jpg": ("unreadable picture", "the file is empty; need a picture."),
    "text.jpg": ("unreadable picture", "not a picture; need a JPEG, PNG, GIF, BMP, WebP, TIFF or PPM file."),
    "truncated.jpg": ("unreadable picture", "cannot be decoded ("),
    "truncated.png": ("unreadable picture", "cannot be decoded ("),
    "missing.jpg": ("missing picture", "no such file; need the picture that the annotation names."),
    "../coco/crowd.json": (
        "path outside the dataset",
        "leads outside the picture folder; need a file that lies below it.",
    ),
    "float.tif": ("unsupported picture", "pixels of kind 'F' (TIFF); need grey (8 or 16 bit), palette, RGB or CMYK."),
    "transparent.png": (
        "transparent picture",
        "partly transparent, so what is seen depends on the background; need an opaque picture.",
    ),
}


def test_every_broken_picture_has_its_case() -> None:
    assert {path.name for path in PICTURES.iterdir()} <= {*PICTURE_CASES, make.GOOD}


@pytest.mark.tor("TOR-004")
@pytest.mark.parametrize("name", PICTURE_CASES)
def test_broken_pictures(name: str) -> None:
    with pytest.raises(Rejected) as info:
        open_picture(PICTURES / name, PICTURES)
    reason, detail = PICTURE_CASES[name]
    assert info.value.reason == reason
    assert info.value.detail.startswith(f"{name}: {detail}")


WHOLE_FILES = {
    "lard/commas.csv": "commas.csv line 1: no column 'image' (there is image,height,width,type,scenario,"
    f"watermark_height,x_A,y_A,x_B,y_B,x_C,y_C,x_D,y_D); {COLUMNS} Separate the columns by semicolons.",
    "lard/no_corner_column.csv": "no_corner_column.csv line 1: no column 'y_C' (there is image, height, width, type, "
    f"scenario, watermark_height, x_A, y_A, x_B, y_B, x_C, c, x_D, y_D); {COLUMNS} Add a header line.",
    "lard/version_2.csv": "version_2.csv line 1: no column 'x_A' (there is image, height, width, type, scenario, "
    f"watermark_height, x_TR, y_TR, x_B, y_B, x_C, y_C, x_D, y_D); {COLUMNS} This looks like LARD V2; "
    "need V1's columns.",
    "lard/column_twice.csv": "column_twice.csv line 1: column 'image' appears twice; need each column once.",
    "lard/header_only.csv": "header_only.csv: no annotation; need at least one box. Check that this is the right file.",
    "lard/empty.csv": f"empty.csv line 1: no column 'image' (there is nothing); {COLUMNS} Add a header line.",
    "coco/a_list.json": "a_list.json: holds a list; need an object with images and annotations.",
    "coco/cut_off.json": "cut_off.json line 38: not JSON (Expecting value); need a COCO file. Was it saved completely?",
    "coco/latin1.json": "latin1.json line 17: byte 0xe9 is not UTF-8; need UTF-8 text. "
    "Convert it: iconv -f ENCODING -t utf-8 latin1.json",
    "coco/no_categories.json": "no_categories.json: no list 'categories' (there is images, annotations); "
    "need COCO's three lists.",
    "coco/no_annotation.json": "no_annotation.json: no annotation; need at least one box. "
    "Check that this is the right file.",
    "coco/image_without_name.json": "image_without_name.json images[0]: {'id': 7}; need an id and a 'file_name'. "
    "Repair or remove this entry.",
    "coco/image_id_twice.json": "image_id_twice.json images[1]: id 1 is given twice; need one entry for each id. "
    "Renumber them.",
    "coco/category_id_twice.json": "category_id_twice.json categories[1]: id 1 is given twice; "
    "need one entry for each id. Renumber them.",
    "coco/annotation_id_twice.json": "annotation_id_twice.json annotations[1]: id 1 is given twice; "
    "need one annotation for each id. Renumber them.",
    "csv/latin1.csv": "latin1.csv line 2: byte 0xfc is not UTF-8; need UTF-8 text. "
    "Convert it: iconv -f ENCODING -t utf-8 latin1.csv",
    "csv/no_label_column.csv": "no_label_column.csv line 1: no column 'label' (there is image, class, x0, y0, x1, y1, "
    "site); need image, label, x0, y0, x1, y1. Add a header line.",
    "csv/semicolons.csv": "semicolons.csv line 1: no column 'image' (there is image;label;x0;y0;x1;y1;site); "
    "need image, label, x0, y0, x1, y1. Separate the columns by commas.",
    "csv/column_twice.csv": "column_twice.csv line 1: column 'x0' appears twice; need each column once.",
    "csv/header_only.csv": "header_only.csv: no annotation; need at least one box. Check that this is the right file.",
    "csv/empty.csv": "empty.csv line 1: no column 'image' (there is nothing); need image, label, x0, y0, x1, y1. "
    "Add a header line.",
    "csv/stray_quote.csv": "stray_quote.csv line 3: not CSV (",
    "csv/missing.csv": "missing.csv: no such file; need an annotation file. Check the path in the settings.",
    "voc/bomb.xml": "bomb.xml: declares XML entities, a means of attack; need plain Pascal VOC XML.",
    "voc/missing": "missing: no such file or folder; need Pascal VOC XML. Check the path in the settings.",
    "yolo/no_names.yaml": "no_names.yaml: names is None; need the list of class names. Add 'names: [cat, dog]'.",
    "yolo/not_yaml.yaml": "not_yaml.yaml line 3: not YAML (",
    "yolo/yes_as_name.yaml": "yes_as_name.yaml: names[1] is True; need text. Put it in quotes.",
    "yolo/keys_as_text.yaml": "keys_as_text.yaml: names has the key 'zero'; need class numbers as keys. They start",
    "yolo/runs_code.yaml": "runs_code.yaml line 1: the tag 'tag:yaml.org,2002:python/object/apply:os.getcwd'; need",
}


@pytest.mark.tor("TOR-003")
@pytest.mark.parametrize("name", WHOLE_FILES)
def test_files_that_cannot_be_used_at_all(name: str) -> None:
    with pytest.raises(AuditError) as info:
        read(name.partition("/")[0], BROKEN / name, PICTURES)
    assert str(info.value).startswith(WHOLE_FILES[name])
    assert str(BROKEN) not in str(info.value)


ONE_OF_TWO = {
    "coco/unknown_image.json": ("unknown image", "{} annotations[1]: no image has id 99; need one of 'images'."),
    "coco/unknown_label.json": ("unknown label", "{} annotations[1]: no category has id 99; need one of 'categories'."),
    "coco/crowd.json": (
        "crowd region",
        "{} annotations[1]: iscrowd, one box around many objects; need boxes of single objects.",
    ),
    "coco/no_box.json": ("broken box", f"{{}} annotations[1]: bbox is missing; {FOUR}"),
    "coco/null_box.json": ("broken box", f"{{}} annotations[1]: bbox is None; {FOUR}"),
    "coco/nested_box.json": ("broken box", f"{{}} annotations[1]: bbox is [[1, 2], [3, 4]]; {FOUR}"),
    "coco/text_box.json": ("broken box", f"{{}} annotations[1]: bbox is ['left', 2, 3, 4]; {FOUR}"),
    "coco/huge_number_box.json": ("broken box", "{} annotations[1]: bbox is [1000000"),
    "coco/nan_box.json": ("broken box", "{} annotations[1]: box (nan, 2, nan, 6) is not finite; need four numbers."),
    "coco/huge_box.json": (
        "broken box",
        "{} annotations[1]: box (1e+308, 2, inf, 6) is not finite; need four numbers.",
    ),
    "coco/negative_size_box.json": (
        "broken box",
        "{} annotations[1]: box (20, 20, 15, 25) is swapped; need x0 < x1 and y0 < y1.",
    ),
    "coco/empty_box.json": ("broken box", "{} annotations[1]: box (20, 20, 20, 25) is empty; need x0 < x1."),
    "coco/number_as_annotation.json": (
        "broken annotation",
        "{} annotations[1]: 5; need an object with bbox and ids.",
    ),
    "coco/outside_picture.json": ("box outside the picture", f"whole.png: box (50, 10, 90, 40) {OUTSIDE}"),
    "csv/short_line.csv": ("broken annotation", "{} line 3: 4 cells; need 7, one for each column."),
    "csv/no_label.csv": ("broken annotation", "{} line 3: names no label; need a picture and a label."),
    "csv/no_number.csv": ("broken box", "{} line 3: box (1, 2, nothing, 4); need four numbers x0, y0, x1, y1."),
    "csv/text_box.csv": ("broken box", "{} line 3: box (left, 2, 3, 4); need four numbers x0, y0, x1, y1."),
    "csv/nan_box.csv": ("broken box", "{} line 3: box (nan, 2, 3, 4) is not finite; need four numbers."),
    "csv/empty_box.csv": ("broken box", "{} line 3: box (40, 10, 40, 30) is empty; need x0 < x1."),
    "csv/swapped_box.csv": ("broken box", "{} line 3: box (40, 10, 4, 30) is swapped; need x0 < x1 and y0 < y1."),
    "csv/negative_box.csv": ("box outside the picture", f"whole.png: box (-5, 10, 40, 30) {OUTSIDE}"),
    "csv/outside_picture.csv": ("box outside the picture", f"whole.png: box (5, 10, 40, 300) {OUTSIDE}"),
    "csv/path_traversal.csv": (
        "path outside the dataset",
        "{} line 3: '../coco/crowd.json' leads outside the picture folder; need a path below the picture folder.",
    ),
    "csv/absolute_path.csv": (
        "path outside the dataset",
        "{} line 3: '/etc/hostname' is an absolute path; need a path below the picture folder.",
    ),
    "csv/missing_picture.csv": (
        "missing picture",
        "nowhere.png: no such file; need the picture that the annotation names.",
    ),
}


@pytest.mark.tor("TOR-002")
@pytest.mark.parametrize("name", ONE_OF_TWO)
def test_one_bad_annotation_excludes_itself(name: str) -> None:
    form, _, file = name.partition("/")
    reason, detail = ONE_OF_TWO[name]
    stay, gone = leaves(form, BROKEN / name, PICTURES)
    assert stay == {"whole.png cat"}
    ((found, said),) = gone.values()
    assert found == reason
    assert said.startswith(detail.format(file))


def test_a_size_that_the_picture_has_not() -> None:
    assert leaves("coco", BROKEN / "coco" / "wrong_size.json", PICTURES) == (
        set(),
        {
            "whole.png cat": (
                "size mismatch",
                "whole.png: the annotation says 640x48, the file is 64x48; need boxes that were drawn on this file.",
            )
        },
    )


VOC = {
    "../../secret.png dog": "path_traversal.xml object 1: '../../secret.png' leads outside the picture folder; "
    "need a path below the picture folder.",
    "again.png dog": "again_2.xml: again.png is annotated by again.xml too; need one file for each picture.",
    "b.png dog": "empty_box.xml object 1: box (9, 9, 9, 20) is empty; need x0 < x1.",
    "bomb.xml ?": "bomb.xml: declares XML entities, a means of attack; need plain Pascal VOC XML.",
    "c.png dog": "swapped_box.xml object 1: box (29, 9, 9, 20) is swapped; need x0 < x1 and y0 < y1.",
    "cut_off.xml ?": "cut_off.xml line 3: not XML (unclosed token: line 3, column 88); need a Pascal VOC file.",
    "d.png dog": "text_box.xml object 1: bndbox is ('left', '10', '9', '20'); need numbers xmin, ymin, xmax, ymax.",
    "e.png dog": "no_box.xml object 1: bndbox is ('', '', '', ''); need numbers xmin, ymin, xmax, ymax.",
    "empty.xml ?": "empty.xml line 1: not XML (no element found: line 1, column 0); need a Pascal VOC file.",
    "f.png ": "no_label.xml object 1: names no label; need a picture and a label.",
    "html.xml ?": "html.xml: <html> without <filename>; need a Pascal VOC <annotation> with its <filename>.",
    "latin1.xml ?": "latin1.xml line 3: not XML (not well-formed (invalid token): line 3, column 15); "
    "need a Pascal VOC file.",
    "outer_entity.xml ?": "outer_entity.xml: declares XML entities, a means of attack; need plain Pascal VOC XML.",
    "unknown_encoding.xml ?": "unknown_encoding.xml: cannot be decoded (unknown encoding: klingon); need XML in UTF-8.",
}

LARD = {
    "../secret.png runway": "lines.csv line 13: '../secret.png' leads outside the picture folder; "
    "need a path below the picture folder.",
    "all_band.png runway": f"lines.csv line 10: watermark_height is 24; {WATERMARK}",
    "half_size.png runway": "lines.csv line 9: size 64 x 48.5; need the picture's width and height in pixels.",
    "lines.csv line 15 runway": "lines.csv line 15: names no picture; need a picture and a label.",
    "lines.csv line 3 ?": "lines.csv line 3: 3 cells; need 14, one for each column.",
    "nan_corner.png runway": f"lines.csv line 6: corners (10, 10, 20, nan, 8, 30, 24, 30); {CORNERS}",
    "negative_band.png runway": f"lines.csv line 11: watermark_height is -3; {WATERMARK}",
    "no_corner.png runway": f"lines.csv line 4: corners (10, 10, 20, 10, 8, 30, 24, nothing); {CORNERS}",
    "no_size.png runway": "lines.csv line 8: size 64 x nothing; need the picture's width and height in pixels.",
    "nowhere.png runway": "nowhere.png: no such file; need the picture that the annotation names.",
    "one_point.png runway": "lines.csv line 7: box (10, 10, 10, 10) is empty; need x0 < x1.",
    "text_band.png runway": f"lines.csv line 12: watermark_height is high; {WATERMARK}",
    "text_corner.png runway": f"lines.csv line 5: corners (10, 10, 20, ten, 8, 30, 24, 30); {CORNERS}",
}

YOLO = {
    "binary.png ?": "binary.txt line 1: byte 0xff is not UTF-8; need UTF-8 text. "
    "Convert it: iconv -f ENCODING -t utf-8 binary.txt",
    "class_by_name.png class cat": "class_by_name.txt line 1: class cat; need one of 0 to 1.",
    "empty_box.png cat": "empty_box.txt line 1: box (32, 18, 32, 30) is empty; need x0 < x1.",
    "four_numbers.png cat": "four_numbers.txt line 1: 4 values; need class, x, y, width, height, or class and points.",
    "nan_box.png cat": "nan_box.txt line 1: box (nan, 18, nan, 30) is not finite; need four numbers.",
    "negative_box.png cat": "negative_box.txt line 1: box (40, 18, 24, 30) is swapped; need x0 < x1 and y0 < y1.",
    "no_picture.txt ?": "no_picture.txt: no picture no_picture.*; need one below the picture folder.",
    "outside_picture.png cat": f"outside_picture.png: box (41.6, 18, 73.6, 30) {OUTSIDE}",
    "second_line.png cat": "second_line.txt line 2: box (32, 18, 32, 30) is empty; need x0 < x1.",
    "truncated_picture.png cat": "truncated_picture.png: cannot be read (Truncated File Read); need an intact picture.",
    "unknown_class.png class 2": "unknown_class.txt line 1: class 2; need one of 0 to 1.",
}


@pytest.mark.parametrize(
    ("form", "annotations", "images", "stays", "expected"),
    [
        ("lard", BROKEN / "lard" / "lines.csv", PICTURES, {"whole.png runway"}, LARD),
        ("voc", BROKEN / "voc", PICTURES, {"whole.png cat"}, VOC),
        ("yolo", BROKEN / "yolo" / "data.yaml", BROKEN / "yolo" / "images", {"good.png cat", "polygon.png cat"}, YOLO),
    ],
    ids=["lard", "voc", "yolo"],
)
def test_one_bad_file_among_many_excludes_itself(
    form: str, annotations: Path, images: Path, stays: set[str], expected: dict[str, str]
) -> None:
    stay, gone = leaves(form, annotations, images)
    assert stay == stays
    assert {key: detail for key, (_, detail) in gone.items()} == expected


@pytest.mark.parametrize("form", ["coco", "csv", "lard"])
def test_every_broken_annotation_file_has_its_case(form: str) -> None:
    files = {f"{form}/{path.name}" for path in (BROKEN / form).iterdir()}
    assert files <= {*WHOLE_FILES, *ONE_OF_TWO, "coco/wrong_size.json", "lard/lines.csv"}
