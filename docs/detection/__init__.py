"""How good is the flag? The networks that were measured, and the tables and the figure of docs/detection.md."""
