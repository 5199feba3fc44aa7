"""What the data can answer, asked before the first picture is loaded: by a run, and by `init`."""

from collections.abc import Callable, Sequence

from audit.datasets.sample import Dataset, Sample
from audit.engine.inputs import Inputs
from audit.errors import AuditError
from audit.experiments.runner import experiments
from audit.settings import Settings
from checks.measure_table import measured_by
from checks.preflight import preflight
from checks.profile import load_profile
from checks.table.layout import Asked, layout_of
from checks.verdict import Profile
from reports.wording.preflight import WordedPreflight, hopeless, worded_preflight

Notice = Callable[[WordedPreflight], None]
"""Called once, before the first picture is loaded."""
KINDS = ("interventions", "controls", "searches")


def checked(limits: Profile, notice: Notice | None) -> Callable[[Inputs], None]:
    """A function that gives notice of what the inputs can answer.

    It raises AuditError where nothing that decides can be answered.
    """

    def check(inputs: Inputs) -> None:
        found = of_samples(inputs.samples, len(inputs.excluded), len(inputs.classes), inputs.settings, limits)
        if found.samples and found.hopeless:
            step = "Add pictures, or judge by a profile that asks for less."
            raise AuditError("data", hopeless(found), "need data that can answer something", step)
        if notice is not None:
            notice(found)

    return check


def of_dataset(dataset: Dataset, settings: Settings) -> WordedPreflight:
    """The pre-flight of a data set whose model nobody knows yet: each label is a class."""
    limits = load_profile(settings.judge.profile)
    labels = sorted({sample.label for sample in dataset.samples})
    samples = [(sample, labels.index(sample.label)) for sample in dataset.samples]
    return of_samples(samples, len(dataset.exclusions), len(labels), measured_by(settings, limits), limits)


def of_samples(
    samples: Sequence[tuple[Sample, int]], excluded: int, classes: int, settings: Settings, limits: Profile
) -> WordedPreflight:
    """The pre-flight of samples, each with its class index. classes: how many the network knows."""
    tables = [(f"audit.experiments.{kind}", getattr(settings.experiments, kind)) for kind in KINDS]
    asked = Asked(
        cluster=settings.data.cluster,
        classes=classes,
        methods=len(settings.saliency.methods),
        experiments={entry.name: entry.options for kind in tables for entry in experiments(*kind)},
        seed=settings.run.seed,
    )
    return worded_preflight(preflight(layout_of(samples, excluded, asked, limits)))
