"""The record: one SQLite file, the contract between looking, judging and telling. No torch in here."""
