"""One folder a chapter: what this one chapter draws, asks, and keeps."""
