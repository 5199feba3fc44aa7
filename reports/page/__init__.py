"""report.html: what the page shows, and how it is put together."""
