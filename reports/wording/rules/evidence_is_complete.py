"""Completeness of the evidence in words."""

from collections.abc import Callable, Iterable, Mapping

from audit.datasets.perceptual_hash import BITS, MOST_BITS
from audit.phrases import count, listed
from checks.rules.evidence_is_complete import MAPS_MISSING, NONE_IN_SCOPE, SCOPE
from checks.statistics.subset import FEWEST
from checks.table.cluster_columns import CLUSTER_NOT_NAMED
from checks.table.domain import EMPTY_CELLS, NO_DOMAIN_COLUMN
from checks.table.training import LOOK_TRAINED_ON, TRAINED_ON
from checks.verdict import Finding, Outcome, Verdict
from reports.wording import training
from reports.wording.domain import COLUMN, COVER, QUANTITIES, domain_cells, domain_pairs, domain_subject
from reports.wording.phrases import percent, share_at_limit
from reports.wording.undecided import pictures
from reports.wording.words import About, FindingWords, Words, deciding_sentence

MEND = {
    "object cropped away": "If objects are cropped away, resize or letterbox instead of cropping, or lower"
    " data.min_visible.",
}
"""What helps against one reason of exclusion; the names are those that `audit` records."""
MORE = {
    "classes": "Find out why a class is never predicted: are the classes named in the network's own order?",
}
"""What helps where the evidence is too little, by the finding's key."""
MOST_NAMED = 2
"""Reasons or classes in a sentence."""
QUANTITY = {
    "excluded_share": "share of the samples in scope that were excluded for a defect",
    "outside_scope_share": "share of the samples that lie outside the scope, as the settings state it beforehand",
    "distinct_pictures": "distinct pictures measured",
    "duplicate_share": "share of the samples that repeat another picture of their class, pixel for pixel",
    "dead_map_share": "share of the samples whose map is dead: zero everywhere, or not finite",
    "classes_hardly_predicted": f"classes of {FEWEST} pictures or more that are hardly ever predicted right",
    "pictures_with_copies": "number of pictures that are copies of each other: their pixels are the same, or at"
    f" most {MOST_BITS} of the {BITS} bits of their perceptual hashes differ (signs of the cosine transform), and so"
    " for their objects",
    **QUANTITIES,
    **training.QUANTITIES,
    "independent_pictures_at_worst": "number of independent pictures that these are worth, at worst",
    "independent_pictures_by_likeness": "number of independent pictures that these are worth, by how similar"
    " pictures with the same value of the column are",
}


def evidence_is_complete(verdict: Verdict, about: About) -> Words:
    """What was measured, and what is missing."""
    findings = tuple(
        FindingWords(_subject(finding), QUANTITY[finding.quantity], _sentence(finding, about))
        for finding in verdict.findings
    )
    whole = _whole(verdict) if verdict.outcome is Outcome.PASS else deciding_sentence(verdict, findings)
    return Words(
        question="Is the evidence complete enough to be judged?",
        sentence=whole or "No saliency method was run.",
        next_step=_next_step(verdict),
        findings=findings,
    )


def _next_step(verdict: Verdict) -> str:
    against = [f for f in verdict.findings if f.outcome is verdict.outcome and not f.advisory]
    keys = {finding.key for finding in against}
    if verdict.outcome is Outcome.PASS:
        return ""
    if verdict.outcome is Outcome.INCONCLUSIVE:
        few = [_more_pictures(finding, verdict) for finding in against if finding.key == "pictures"]
        cover = [COVER] if any(finding.reason == EMPTY_CELLS for finding in against) else []
        return " ".join([*few, *(step for key, step in MORE.items() if key in keys), *cover])
    steps = []
    if exclusions := next((finding for finding in against if finding.key == "exclusions"), None):
        by_reason = exclusions.details["by_reason"]
        steps = [MEND[reason] for reason in by_reason if reason in MEND]
        if not steps or not by_reason.keys() <= MEND.keys():
            steps.append("Read the exclusions, and fix what causes them.")
    if "duplicates" in keys:
        steps.append("Remove the copies from the data set.")
    if "clusters" in keys:
        steps.append("State the cluster of every picture (data.cluster).")
    if any(finding.quantity == TRAINED_ON for finding in against):
        steps.append(training.REMOVE)
    if any(finding.reason == NO_DOMAIN_COLUMN for finding in against):
        steps.append(COLUMN)
    if any(finding.quantity == "dead_map_share" for finding in against):
        steps.append("Find out why maps are dead or missing, and fix the cause.")
    return " ".join([*steps, "Then run the audit again." if steps else "Run the audit on pictures, with a method."])


def _more_pictures(finding: Finding, verdict: Verdict) -> str:
    missing = count(finding.further or 1, "distinct boxed picture")
    inside = " inside the scope" if verdict.finding(SCOPE) else ""
    return f"Add {missing}{inside}, and a few more in case some are excluded."


def _whole(verdict: Verdict) -> str:
    measured = verdict.finding("pictures")
    exclusions = verdict.finding("exclusions")
    if measured is None or exclusions is None:
        return ""
    maps = [finding for finding in verdict.findings if finding.quantity == "dead_map_share"]
    seen = f"{_measured(measured)} measured with {count(len(maps), 'method')}"
    if warning := next((f for f in verdict.findings if f.reason == CLUSTER_NOT_NAMED), None):
        return f"{seen}, but bounds are too narrow unless data.cluster names '{warning.details['column']}'."
    dead = sum(finding.details["dead"] for finding in maps)
    excluded, total = exclusions.details["excluded"], count(exclusions.n, "sample")
    scope = verdict.finding(SCOPE)
    in_scope = f" in scope ({scope.details['outside']:,} outside)" if scope else ""
    gone = f"{excluded:,} of {total}{in_scope} {_are(excluded)} excluded"
    return f"{seen}; {gone} and {count(dead, 'map')} {_are(dead)} dead."


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _measured(finding: Finding) -> str:
    """'80 pictures were', or '80 samples in 79 pictures were' where they differ."""
    samples = finding.details["samples"]
    verb = "was" if samples == 1 else "were"
    distinct = count(finding.n, "picture")
    return f"{distinct} {verb}" if samples == finding.n else f"{count(samples, 'sample')} in {distinct} {verb}"


def _subject(finding: Finding) -> str:
    if finding.quantity == "dead_map_share":
        return str(finding.details["method"])
    if finding.quantity in QUANTITIES:
        return domain_subject(finding)
    if finding.key == SCOPE:
        return "outside the scope"
    if finding.quantity in training.SUBJECTS:
        return training.SUBJECTS[finding.quantity]
    return f"column {finding.details['column']}" if finding.reason == CLUSTER_NOT_NAMED else finding.key


def _sentence(finding: Finding, about: About) -> str:
    return _clusters(finding, about) if finding.key == "clusters" else SENTENCES[finding.quantity](finding)


def _allowed(finding: Finding) -> str:
    """' (6.7 %; allowed: 5.0 %)', or '' where nothing counts against it."""
    if not finding.value:
        return ""
    return f" ({percent(finding.value)}; allowed: {share_at_limit(finding.limit)})"


def _pictures(finding: Finding) -> str:
    return f"{_measured(finding)} measured (required: {count(int(finding.limit or 0), 'picture')})."


def _duplicates(finding: Finding) -> str:
    copies, of = finding.details["copies"], count(finding.n, "sample")
    repeat = "repeats" if copies == 1 else "repeat"
    return f"{copies:,} of {of} {repeat} a picture of the same class{_allowed(finding)}."


def _copies(finding: Finding) -> str:
    groups = count(finding.details["groups"], "group")
    return (
        f"{finding.details['copies']:,} of {count(finding.n, 'picture')} are copies of each other, in {groups};"
        " each group counts as one picture in every bound."
    )


def _exclusions(finding: Finding) -> str:
    if finding.reason == NONE_IN_SCOPE:
        return "Every sample of the data set lies outside the scope."
    if not finding.n:
        return "The data set holds no sample."
    excluded, named = finding.details["excluded"], _reasons(finding)
    seen = f"{excluded:,} of {count(finding.n, 'sample')} {_are(excluded)} excluded{_allowed(finding)}"
    return f"{seen}: {named}." if named else f"{seen}."


def _outside_scope(finding: Finding) -> str:
    outside = finding.details["outside"]
    verb = "lies" if outside == 1 else "lie"
    share = f"({percent(finding.value or 0)})"
    return f"{outside:,} of {count(finding.n, 'sample')} {verb} outside the scope {share}: {_reasons(finding)}."


def _reasons(finding: Finding) -> str:
    """The first few reasons, each with the number of samples; '' where there is none."""
    by_reason = finding.details["by_reason"]
    return _named((f"{reason} ({n:,})" for reason, n in by_reason.items()), "reason") if by_reason else ""


def _maps(finding: Finding) -> str:
    details = finding.details
    dead = f"{details['method']} has {count(details['dead'], 'dead map')} in {count(finding.n, 'sample')}"
    missing = f" and lacks {count(details['missing'], 'map')}" if finding.reason == MAPS_MISSING else ""
    return f"{dead}{_allowed(finding)}{missing}."


def _classes(finding: Finding) -> str:
    classes = finding.details["classes"]
    if not classes:
        return f"Every class of {FEWEST} pictures or more is predicted often enough to be judged."
    named = _named((f"'{c['label']}' ({c['right']} of {c['pictures']:,})" for c in classes), "class")
    about = "this class" if len(classes) == 1 else "these classes"
    return f"Too few pictures of {named} are predicted right to show anything about {about}."


def _clusters(finding: Finding, about: About) -> str:
    if silent := finding.details["silent"]:
        states = f"{silent:,} of {count(finding.n, 'picture')} {'states' if silent == 1 else 'state'}"
        return f"{states} no {about.cluster}, so nobody can say which are independent."
    worth = finding.details["worth"]
    likeness = "" if worth is None else f", {worth:.0f} by their similarity"
    return f"{pictures(finding, about)} are worth {finding.value or 0:.0f} independent ones at worst{likeness}."


def _unnamed(finding: Finding) -> str:
    details = finding.details
    return (
        f"{count(finding.n, 'picture')} share {details['values']:,} values of '{details['column']}' and are worth about"
        f" {finding.value:.0f} independent ones; bounds are too narrow unless data.cluster names that column."
    )


def _named(names: Iterable[str], noun: str) -> str:
    """The first few, and how many more there are."""
    all_names = list(names)
    more = len(all_names) - MOST_NAMED
    return listed([*all_names[:MOST_NAMED], *([f"{count(more, f'other {noun}')}"] if more > 0 else [])])


SENTENCES: Mapping[str, Callable[[Finding], str]] = {
    "excluded_share": _exclusions,
    "outside_scope_share": _outside_scope,
    "distinct_pictures": _pictures,
    "duplicate_share": _duplicates,
    "pictures_with_copies": _copies,
    "dead_map_share": _maps,
    "classes_hardly_predicted": _classes,
    "domain_cells_without_pictures": domain_cells,
    "domain_pairs_without_pictures": domain_pairs,
    "independent_pictures_by_likeness": _unnamed,
    TRAINED_ON: training.trained_on,
    LOOK_TRAINED_ON: training.look_trained_on,
}
"""What words a finding, by its quantity."""
