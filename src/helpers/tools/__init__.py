"""One shelf of tools, each over the heart and none over a chapter."""
