"""Charts as inline SVG in the page's own colours."""
