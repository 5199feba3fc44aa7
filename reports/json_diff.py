"""Where two JSON values differ, in a line."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from reports.wording.numbers import short

MOST = 5


def json_difference(stated: Any, again: Any) -> str:
    """The first places that differ, as 'judgement.outcome is "PASS", by the record "FAIL"'; or that only bytes do."""
    places = list(islice(_differences("", stated, again), MOST + 1))
    more = ", and more" if len(places) > MOST else ""
    return f"{'; '.join(places[:MOST]) or 'its bytes differ'}{more}"


def _differences(place: str, stated: Any, again: Any) -> Iterator[str]:
    if isinstance(stated, dict) and isinstance(again, dict):
        for key in sorted(stated.keys() | again.keys()):
            inner = f"{place}.{key}".lstrip(".")
            yield from _differences(inner, stated.get(key), again.get(key))
    elif isinstance(stated, list) and isinstance(again, list) and len(stated) == len(again):
        for number, (one, other) in enumerate(zip(stated, again, strict=True)):
            yield from _differences(f"{place}[{number}]", one, other)
    elif stated != again or type(stated) is not type(again):
        yield f"{short(place, 120)} is {short(json.dumps(stated))}, by the record {short(json.dumps(again))}"
