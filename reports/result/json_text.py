"""`audit.json` as text: canonical, so that equal audits are equal files, byte for byte."""

import json
from typing import Any

from reports.result.schema import Audit


def audit_json(audit: Audit) -> str:
    """Keys sorted, a sample a line, numbers as Python's repr, NaN as null, ASCII."""
    data = audit.model_dump(mode="json")
    parts = [f'"{key}": {_lines(data[key]) if key == "samples" else _indented(data[key])}' for key in sorted(data)]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def json_schema() -> str:
    """The JSON Schema that every `audit.json` fulfils; `audit.schema.json` holds it."""
    schema = Audit.model_json_schema(mode="serialization")
    return _indented({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}) + "\n"


def _indented(data: Any) -> str:
    return json.dumps(data, sort_keys=True, indent=1, allow_nan=False)


def _lines(samples: list[Any]) -> str:
    """Of a million samples too: json indents some twenty times slower than it writes without."""
    rows = [json.dumps(sample, sort_keys=True, separators=(",", ":"), allow_nan=False) for sample in samples]
    return "[\n" + ",\n".join(rows) + "\n]"
