"""Shared code of the course: import modules, not names (``from helpers import cells, layout``)."""
