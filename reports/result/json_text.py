"""`audit.json` as text: canonical, so that equal audits are equal files, byte for byte."""

import json

from reports.result.schema import Audit


def audit_json(audit: Audit) -> str:
    """Keys sorted, numbers as Python's repr, NaN as null, ASCII."""
    return _canonical(audit.model_dump(mode="json"))


def json_schema() -> str:
    """The JSON Schema that every `audit.json` fulfils; `audit.schema.json` holds it."""
    schema = Audit.model_json_schema(mode="serialization")
    return _canonical({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def _canonical(data: object) -> str:
    return json.dumps(data, sort_keys=True, indent=1, allow_nan=False) + "\n"
