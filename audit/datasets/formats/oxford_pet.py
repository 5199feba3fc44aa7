"""Oxford-IIIT Pet (Parkhi et al. 2012): a list of pictures, and a trimap of each: pet, background and border."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal

from audit.datasets.annotation import NO_BOX, Annotation
from audit.datasets.annotation_files import read_text
from audit.datasets.exclusions import Reason
from audit.datasets.gather import gather
from audit.datasets.label_maps import ENDING, read_label_map
from audit.datasets.masks import Raster
from audit.datasets.picture_root import Images
from audit.datasets.sample import Dataset
from audit.errors import AuditError
from audit.files import is_folder, is_regular

ENDINGS = (".txt",)
FOLDER = "trimaps"
PET, BORDER = 1, 3
SPECIES = {"1": "cat", "2": "dog"}


def oxford_pet(
    annotations: Path, images: Images, *, label: Literal["breed", "species"] = "breed", border: bool = True
) -> Dataset:
    """Oxford-IIIT Pet: list.txt, or another list, with the folder trimaps beside; the object is the pixels of the pet.

    A line is the picture's name without its ending, and the numbers of class, species and breed. The breed is what
    stands before the last _ of the name; species is cat or dog; the one that is not the `label` becomes metadata.
    border: the trimap's border, which nobody assigned and which holds ears and tails, belongs to the pet too. Raises
    AuditError where the list cannot be read, or lies beside no trimaps.
    """
    folder = annotations.absolute().parent / FOLDER
    lines = [(number, line.split()) for number, line in enumerate(read_text(annotations).splitlines(), 1)]
    named = [(f"{annotations.name} line {number}", words) for number, words in lines if words and words[0][:1] != "#"]
    if not named or any(len(words) != 4 or words[2] not in SPECIES for _, words in named[:1]):
        seen = " ".join(named[0][1])[:60] if named else "nothing"
        raise AuditError(annotations.name, f"starts with {seen!r}", "need lines of a name, class, species and breed")
    if not is_folder(folder):
        raise AuditError(annotations.name, f"no folder {FOLDER!r} beside it", "need the trimaps")
    with ThreadPoolExecutor(2, thread_name_prefix="trimaps") as pool:
        read = list(pool.map(partial(_annotation, folder=folder, label=label, border=border), named))
    maps = [folder / f"{words[0]}{ENDING}" for _, words in named]
    return gather(read, [annotations, *(path for path in dict.fromkeys(maps) if is_regular(path))])


def _annotation(line: tuple[str, list[str]], folder: Path, label: str, border: bool) -> Annotation:
    where, words = line
    image = f"{words[0]}.jpg"
    kinds = {"breed": words[0].rpartition("_")[0], "species": SPECIES.get(words[2]) if len(words) == 4 else None}
    named = kinds[label] or ""
    if len(words) != 4 or not all(kinds.values()):
        detail = f"{where}: {' '.join(words)[:60]}; need a name, class, species and breed."
        return Annotation(image, named or "?", NO_BOX, where, (Reason.BROKEN_ANNOTATION, detail))
    try:
        numbers = read_label_map(folder / f"{words[0]}{ENDING}", folder)
    except AuditError as error:
        return Annotation(image, named, NO_BOX, where, (Reason.BROKEN_MASK, f"{where}: {error}"))
    mask = Raster.of((numbers == PET) | ((numbers == BORDER) & border))
    metadata = {kind: value for kind, value in kinds.items() if value and kind != label}
    problem = (Reason.BROKEN_MASK, f"{where}: trimap {mask.fault}; need the pixels of a pet.") if mask.fault else None
    return Annotation(image, named, mask.box, where, problem, metadata, mask.size, mask=mask)
