"""What is inspected: the data set of a settings file, or one that lies there without any."""

from dataclasses import dataclass, replace
from pathlib import Path

from audit.datasets.discover import look
from audit.datasets.exclusions import Exclusion
from audit.datasets.labels import check_mentioned, merge_synonyms
from audit.datasets.picture_root import Images
from audit.datasets.sample import Dataset, Sample
from audit.engine.inputs import check_clusters, ignored_sample, read_dataset
from audit.settings import load_settings
from audit.settings_run import RunTable
from audit.settings_tables import DataTable


@dataclass(frozen=True)
class Source:
    """Samples, before any picture is read."""

    folder: Images
    """Where the pictures lie."""
    samples: tuple[Sample, ...]
    excluded: tuple[Exclusion, ...]
    cluster: str | None
    workers: int


def source(place: Path) -> Source:
    """The data at `place`: a settings file (*.toml), an annotation file or a folder, as `init` finds it.

    Settings say which labels are one class, which are left out, and which column names clusters; their model is not
    looked at. Raises AuditError where nothing can be read there.
    """
    if place.suffix.lower() != ".toml":
        found = look(place)
        dataset = found.dataset
        return Source(found.images, dataset.samples, dataset.exclusions, None, RunTable().workers)
    settings = load_settings(place)
    dataset = read_dataset(settings)
    samples = _named(dataset, settings.data)
    check_clusters(settings.data.cluster, samples)
    ignored = tuple(ignored_sample(sample) for sample in dataset.samples if sample.label in settings.data.ignore)
    excluded = dataset.exclusions + ignored
    return Source(settings.images, samples, excluded, settings.data.cluster, settings.run.workers)


def _named(dataset: Dataset, data: DataTable) -> tuple[Sample, ...]:
    """The samples by what the settings call their labels; those of one picture and class become one."""
    labels = {sample.label for sample in dataset.samples}
    check_mentioned(sorted(labels), data.labels, data.ignore, {exclusion.label for exclusion in dataset.exclusions})
    called = {label: str(data.labels.get(label, label)) for label in labels if label not in data.ignore}
    classes = sorted(set(called.values()))
    kept = [sample for sample in dataset.samples if sample.label in called]
    merged = merge_synonyms(kept, {label: classes.index(name) for label, name in called.items()})
    return tuple(replace(sample, label=called[sample.label]) for sample in merged)
