"""Which questions data can answer, before the first picture is loaded: every rule is asked what it needs at the least.

A rule's module says so in `needed(layout, *, limits...)`, beside the rule and by what the rule itself judges with. It
takes those of the rule's limits that matter to it, and returns demands of which each must be met before the rule can
pass, though every answer be right. A rule without it, or whose answer breaks, can be asked only afterwards.
"""

import inspect
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from pydantic import Field, computed_field

from audit import registry
from audit.datasets.exclusions import by_scope
from checks.demand import Demand, of_capability, of_pictures
from checks.frozen import Frozen
from checks.profile import RESERVED, RULES
from checks.table.domain_cells import placed
from checks.table.layout import Layout
from checks.table.slices import MOST_VALUES, is_derived, stated

SLICE = "pictures_of_slice"
COLUMN = "column"
SPLIT = "split"
"""Column of the metadata in which a format says for what a picture was set aside, as 'train'."""


class Question(Frozen):
    """One rule, and what it needs."""

    rule: str = Field(description="its name, or that of a verdict on slices, as 'depends_on_object[light]'")
    advisory: bool
    demands: tuple[Demand, ...] = Field(description="all of them must be met; none where nothing is known beforehand")

    @property
    def unmet(self) -> tuple[Demand, ...]:
        return tuple(demand for demand in self.demands if not demand.met)

    @computed_field(description="the rule can pass if every answer is right")  # type: ignore[prop-decorator]
    @property
    def answerable(self) -> bool:
        return not self.unmet


class Preflight(Frozen):
    """What the data holds, and which rules of the profile can pass at best."""

    profile: str
    samples: int = Field(description="that are not excluded beforehand")
    pictures: int
    exclusions: dict[str, int] = Field(
        description="samples by the defect for which annotations, or boxes, sizes and crop, exclude them"
    )
    outside_scope: dict[str, int] = Field(description="samples by the reason for which the settings leave them out")
    classes: dict[str, int] = Field(description="samples by label")
    cluster: str = Field(description="the column that tells dependent pictures apart; '' where the settings name none")
    clusters: int | None
    columns: tuple[str, ...] = Field(description="by whose values the profile requires slices")
    missing_columns: tuple[str, ...] = Field(description="those of them that the data lacks")
    splits: dict[str, int] = Field(description="samples by the data set's split, where they come from several")
    questions: tuple[Question, ...]

    @computed_field(description="for a defect")  # type: ignore[prop-decorator]
    @property
    def excluded(self) -> int:
        return sum(self.exclusions.values())

    @property
    def out_of_reach(self) -> tuple[Question, ...]:
        """The questions that decide and cannot be answered."""
        return tuple(question for question in self.questions if not (question.answerable or question.advisory))

    @property
    def hopeless(self) -> bool:
        """Nothing that decides can be answered."""
        deciding = [question for question in self.questions if not question.advisory]
        return bool(deciding) and not any(question.answerable for question in deciding)


def preflight(layout: Layout) -> Preflight:
    """What an audit of these samples by the layout's profile can answer."""
    profile = layout.profile
    columns = profile.slices.by if profile.slices else ()
    defects, outside = by_scope(layout.exclusions)
    return Preflight(
        profile=profile.name,
        samples=layout.n,
        pictures=len(set(layout.image.tolist())),
        exclusions=_by_number(layout.exclusions, defects),
        outside_scope=_by_number(layout.exclusions, outside),
        classes=dict(sorted(Counter(map(str, layout.label.tolist())).items())),
        cluster=layout.asked.cluster or "",
        clusters=layout.subset.clusters,
        columns=columns,
        missing_columns=tuple(column for column in columns if _lacks(layout, column)),
        splits=_splits(layout),
        questions=tuple(_questions(layout)),
    )


def _by_number(counts: Mapping[str, int], reasons: Iterable[str]) -> dict[str, int]:
    """The counts of these reasons, the largest first."""
    return dict(sorted(((reason, counts[reason]) for reason in reasons), key=lambda item: (-item[1], item[0])))


def _splits(layout: Layout) -> dict[str, int]:
    counted = Counter(map(str, stated(layout.metadata[SPLIT]).tolist())) if SPLIT in layout.metadata else Counter[str]()
    return dict(sorted(counted.items())) if len(counted) > 1 else {}


def _questions(layout: Layout) -> Iterator[Question]:
    for rule in layout.profile.rules:
        yield _question(layout, rule, rule, _demands(layout, rule))
    for rule, column in _required(layout):
        yield _question(layout, rule, f"{rule}[{column}]", tuple(_in_slices(layout, rule, column)))


def _question(layout: Layout, rule: str, name: str, demands: tuple[Demand, ...]) -> Question:
    advisory = layout.profile.rules[rule].get("advisory") is True
    return Question(rule=name, advisory=advisory, demands=demands)


def _demands(layout: Layout, rule: str) -> tuple[Demand, ...]:
    function = registry.resolve(RULES, rule)
    needed = getattr(sys.modules.get(getattr(function, "__module__", "")), "needed", None)
    given = {key: value for key, value in layout.profile.rules[rule].items() if key not in RESERVED}
    try:
        wanted = [*inspect.signature(needed).parameters] if inspect.isfunction(needed) else []
        if "region" in registry.needs(RULES, function) and not layout.boxed:
            return (of_capability(["region"]),)
        if needed is None or wanted[:1] != ["layout"]:
            return ()
        limits = registry.options(function, given, rule)
        return tuple(Demand.model_validate(d) for d in needed(layout, **{k: limits[k] for k in wanted[1:]}))
    except Exception:  # noqa: BLE001 a rule that breaks, of whatever cause, ends as INVALID, which its judgement says
        return ()


def _required(layout: Layout) -> Iterator[tuple[str, str]]:
    required = layout.profile.slices
    if required is not None:
        yield from ((rule, column) for rule in required.rules for column in required.by)


def _in_slices(layout: Layout, rule: str, column: str) -> Iterator[Demand]:
    """What the rule needs of each slice; of a column that the pictures decide nothing is known beforehand."""
    if _lacks(layout, column):
        yield Demand(key=COLUMN, have=0, needed=1, details={"name": column})
        return
    parameter = next((p for p in layout.profile.domain if p.name == column), None)
    held = parameter.column if parameter else column
    values = layout.label if held not in layout.metadata and held == "class" else layout.metadata.get(held)
    if values is None:
        return
    if parameter:
        distinct, of = list(parameter.cells), placed(parameter, values).cell
    else:
        names, of = np.unique(stated(values), return_inverse=True)
        distinct = names.tolist()
    if len(distinct) > MOST_VALUES:
        return
    bare = replace(layout, metadata={})
    for number, value in enumerate(distinct):
        part = bare.among(of == number)
        subset = part.subset
        for demand in (*_demands(part, rule), of_pictures(subset, subset.missing, SLICE)):
            yield demand.model_copy(update={"details": {**demand.details, "slice": f"{column}: {value}"}})


def _lacks(layout: Layout, column: str) -> bool:
    parameter = next((p for p in layout.profile.domain if p.name == column), None)
    held = parameter.column if parameter else column
    return held not in layout.metadata and not is_derived(held)
