"""The tables of a record as SQLite keeps them, and two views that read and are written as one table each.

What an answer or a note is about is text that a hundred thousand rows share: each is kept once and has a number.
"""

_PLAIN = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE sample (
    id INTEGER PRIMARY KEY, image TEXT NOT NULL, label TEXT NOT NULL, class INTEGER NOT NULL,
    boxes TEXT NOT NULL, other_boxes TEXT NOT NULL, metadata TEXT NOT NULL, UNIQUE (image, label)
);
CREATE TABLE exclusion (
    image TEXT NOT NULL, label TEXT NOT NULL, sample INTEGER, reason TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (image, label)
);
CREATE TABLE picture (
    sample INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, pixels_sha256 TEXT NOT NULL, perceptual_hash TEXT NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, frame_boxes TEXT NOT NULL, area_share REAL NOT NULL,
    probability REAL, label_rank INTEGER, predicted INTEGER, confidence REAL
);
CREATE TABLE mask (sample INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE score (
    sample INTEGER NOT NULL, source TEXT NOT NULL, dead INTEGER NOT NULL,
    mass REAL, lift REAL, rank REAL, pointing REAL, auc REAL, PRIMARY KEY (sample, source)
) WITHOUT ROWID;
CREATE TABLE forbidden (
    sample INTEGER NOT NULL, source TEXT NOT NULL, area_share REAL NOT NULL, mass REAL, PRIMARY KEY (sample, source)
) WITHOUT ROWID;
CREATE TABLE thumbnail (
    sample INTEGER NOT NULL, layer TEXT NOT NULL, encoded BLOB NOT NULL, PRIMARY KEY (sample, layer)
) WITHOUT ROWID;
CREATE TABLE grid (sample INTEGER PRIMARY KEY, cells BLOB NOT NULL);
CREATE TABLE cue (
    id INTEGER PRIMARY KEY, class INTEGER NOT NULL, kind TEXT NOT NULL, x0 REAL, y0 REAL, x1 REAL, y1 REAL,
    side REAL NOT NULL, seen_in INTEGER NOT NULL, pictures INTEGER NOT NULL
);
CREATE TABLE crop (
    cue INTEGER NOT NULL, number INTEGER NOT NULL, sample INTEGER NOT NULL, x REAL NOT NULL, y REAL NOT NULL,
    encoded BLOB NOT NULL, PRIMARY KEY (cue, number)
) WITHOUT ROWID;
CREATE TABLE cascade (
    method TEXT NOT NULL, stage INTEGER NOT NULL, layers TEXT NOT NULL, sample INTEGER NOT NULL, similarity REAL,
    PRIMARY KEY (method, stage, sample)
) WITHOUT ROWID;
CREATE TABLE repeat (
    sample INTEGER NOT NULL, intervention TEXT NOT NULL, variant TEXT NOT NULL, way TEXT NOT NULL, deviation REAL,
    PRIMARY KEY (sample, intervention, variant, way)
) WITHOUT ROWID;
CREATE TABLE map_repeat (
    sample INTEGER NOT NULL, source TEXT NOT NULL, way TEXT NOT NULL, deviation REAL, PRIMARY KEY (sample, source, way)
) WITHOUT ROWID;
CREATE TABLE passes (
    part TEXT NOT NULL, pictures INTEGER NOT NULL, forward INTEGER NOT NULL, backward INTEGER NOT NULL
);
"""
"""A number that is None or NaN is stored as NULL."""

ASKED = ("subject", "intervention", "variant")
"""What an answer is to."""

_NUMBERED = """
CREATE TABLE question (
    id INTEGER PRIMARY KEY, subject TEXT NOT NULL, intervention TEXT NOT NULL, variant TEXT NOT NULL,
    UNIQUE (subject, intervention, variant)
);
CREATE TABLE reply (
    question INTEGER NOT NULL, sample INTEGER NOT NULL, probability REAL, log_odds REAL, predicted INTEGER, logits BLOB,
    PRIMARY KEY (question, sample)
) WITHOUT ROWID;
CREATE TABLE no_reply (
    question INTEGER NOT NULL, sample INTEGER NOT NULL, PRIMARY KEY (question, sample)
) WITHOUT ROWID;
CREATE TABLE quantity (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (source, name)
);
CREATE TABLE reading (
    quantity INTEGER NOT NULL, sample INTEGER NOT NULL, value REAL, PRIMARY KEY (quantity, sample)
) WITHOUT ROWID;
"""


def _view(name: str, rows: str, key: str, about: tuple[str, ...], values: tuple[str, ...], order: str) -> str:
    """One table out of two: `rows`, whose column `key` is the number of a row of the table `key`."""
    number = f"(SELECT id FROM {key} WHERE {' AND '.join(f'{column} = NEW.{column}' for column in about)})"
    known = f"INSERT OR IGNORE INTO {key} ({', '.join(about)}) VALUES ({', '.join(f'NEW.{c}' for c in about)});"
    row = f"VALUES ({', '.join([number, *(f'NEW.{column}' for column in values)])});"
    old = " AND ".join(f"{column} = OLD.{column}" for column in about)
    gone = f"DELETE FROM {rows} WHERE sample = OLD.sample AND {key} = (SELECT id FROM {key} WHERE {old});"
    return f"""
CREATE VIEW {name} AS SELECT {order} FROM {rows} JOIN {key} ON {key}.id = {rows}.{key};
CREATE TRIGGER add_{name} INSTEAD OF INSERT ON {name} BEGIN {known} INSERT INTO {rows} {row} END;
CREATE TRIGGER take_{name} INSTEAD OF DELETE ON {name} BEGIN {gone} END;
CREATE TRIGGER change_{name} INSTEAD OF UPDATE ON {name} BEGIN {gone} {known} INSERT INTO {rows} {row} END;
"""


SCHEMA = (
    _PLAIN
    + _NUMBERED
    + _view(
        "answer",
        "reply",
        "question",
        ASKED,
        ("sample", "probability", "log_odds", "predicted", "logits"),
        "subject, sample, intervention, variant, probability, log_odds, predicted, logits",
    )
    + _view("unmade", "no_reply", "question", ASKED, ("sample",), "subject, sample, intervention, variant")
    + _view("note", "reading", "quantity", ("source", "name"), ("sample", "value"), "sample, source, name, value")
)
