"""What the data can answer, asked before the first picture is loaded: by a run, and by `init`."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from audit.datasets.exclusions import Exclusion
from audit.datasets.foreseen import foreseen
from audit.datasets.sample import Dataset, Sample
from audit.engine.batch_factory import loader_of
from audit.engine.inputs import Inputs
from audit.errors import AuditError
from audit.experiments.runner import experiments
from audit.sampling import wanted
from audit.settings import Settings
from checks.measure_table import measured_by
from checks.preflight import preflight
from checks.profile import load_profile
from checks.table.layout import Asked, layout_of
from checks.verdict import Profile
from reports.wording.preflight import WordedPreflight, hopeless, is_cut, worded_look, worded_preflight

Notice = Callable[[WordedPreflight], None]
"""Called once, before the first picture is loaded; not where an error says all of it."""
STEP = "Add pictures, or judge by a profile that asks for less."
KINDS = ("interventions", "controls", "searches")


def checked(limits: Profile, notice: Notice | None) -> Callable[[Inputs], None]:
    """A function that gives notice of what the inputs can answer.

    It raises AuditError where nothing that decides can be answered.
    """

    def check(inputs: Inputs) -> None:
        out = foreseen(loader_of(inputs))
        samples = [pair for number, pair in enumerate(inputs.samples) if number not in out]
        excluded = (*inputs.excluded, *out.values())
        classes = len(inputs.classes)
        detects = inputs.model.capabilities.at_places
        found = of_samples(samples, excluded, classes, inputs.settings, limits, inputs.left_out, detects=detects)
        if inputs.is_look:
            if notice is not None:
                notice(worded_look(found, len(inputs.samples), inputs.available))
            return
        lost = bool(inputs.samples) and found.hopeless
        if notice is not None and (not lost or is_cut(found)):
            notice(found)
        if lost:
            step = STEP if samples else f"Mend what leaves them out; the first: {excluded[0].detail}"
            raise AuditError("data", hopeless(found), next_step=step)

    return check


def of_dataset(dataset: Dataset, settings: Settings) -> WordedPreflight:
    """The pre-flight of a data set whose model nobody knows yet: each label is a class.

    How pictures are resized and cropped is then not known either, so that no exclusion by that is foreseen.
    """
    limits = load_profile(settings.judge.profile)
    labels = sorted({sample.label for sample in dataset.samples})
    samples = [(sample, labels.index(sample.label)) for sample in dataset.samples]
    return of_samples(samples, dataset.exclusions, len(labels), measured_by(settings, limits), limits)


def of_samples(
    samples: Sequence[tuple[Sample, int]],
    excluded: Sequence[Exclusion],
    classes: int,
    settings: Settings,
    limits: Profile,
    left_out: Mapping[str, Sequence[str]] | None = None,
    *,
    detects: bool = False,
) -> WordedPreflight:
    """The pre-flight of samples, each with its class index. classes: how many the network knows. left_out: as `Inputs`
    has it. detects: it is a detector.
    """
    tables = [(f"audit.experiments.{kind}", getattr(settings.experiments, kind)) for kind in KINDS]
    entries = [entry for kind in tables for entry in experiments(*kind)]
    interventions = {entry.name for entry in settings.experiments.interventions}
    asked = Asked(
        cluster=settings.data.cluster,
        classes=classes,
        methods=len(settings.saliency.methods),
        experiments={entry.name: _sized(entry.options, entry.name in interventions, settings) for entry in entries},
        seed=settings.run.seed,
        variants={entry.name: entry.variants for entry in entries if entry.variants is not None},
        donors=settings.experiments.donors,
        left_out=left_out or {},
        detects=detects,
    )
    layout = layout_of(samples, Counter(str(e.reason) for e in excluded), asked, limits)
    return worded_preflight(preflight(layout), excluded[0].detail if excluded else "")


def _sized(options: Mapping[str, Any], intervenes: bool, settings: Settings) -> Mapping[str, Any]:
    """An experiment's options, with the pictures that a sample leaves it."""
    if settings.data.sample is None or not intervenes:
        return options
    n = wanted(settings.data.sample.model_dump())
    own = options.get("pictures")
    return {**options, "pictures": n if own is None else min(own, n)}
