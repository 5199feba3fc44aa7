"""Annotation files that are JSON or XML documents: read whole within a bound, or refused in a sentence."""

import json
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from audit.datasets.annotation_files import MOST_BYTES, MOST_BYTES_OF_ONE, read_text
from audit.errors import AuditError
from audit.files import read_regular


def read_json(path: Path, kind: str, most: int = MOST_BYTES, key: str = "", opening: str = "") -> Any:
    """What a JSON file holds.

    kind: for messages, as 'COCO'. key: what every such file names, opening: the bracket with which it starts; without
    them nothing is parsed, so that a large file of another kind is refused at once. Raises AuditError where the file
    cannot be read or is not JSON.
    """
    text = read_text(path, most)
    if key and f'"{key}"' not in text:
        raise AuditError(path.name, f"nowhere says {key!r}", f"need a {kind} file")
    if opening and (start := text.lstrip()[:1]) != opening:
        raise AuditError(path.name, f"starts with {start!r}", f"need a {kind} file, which starts with {opening!r}")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"{path.name} line {error.lineno}"
        raise AuditError(where, f"not JSON ({error.msg})", f"need a {kind} file", "Was it saved completely?") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise AuditError(path.name, f"not usable JSON ({error})", f"need a {kind} file") from error


def read_xml(path: Path, name: str, kind: str, most: int = MOST_BYTES_OF_ONE) -> Element:
    """The root of an XML file without entities. name: of the file, for messages. Raises AuditError as `read_json`."""
    try:
        # Bytes, since an XML file names its own encoding.
        root: Element = fromstring(read_regular(path, most))
    except ParseError as error:
        raise AuditError(f"{name} line {error.position[0]}", f"not XML ({error})", f"need a {kind} file") from error
    except DefusedXmlException as error:
        raise AuditError(name, "declares XML entities, a means of attack", f"need plain {kind} XML") from error
    except (LookupError, ValueError, RecursionError) as error:
        raise AuditError(name, f"cannot be decoded ({error})", "need XML in UTF-8") from error
    except OSError as error:
        raise AuditError(name, error.strerror or "cannot be read", f"need a {kind} file") from error
    return root
