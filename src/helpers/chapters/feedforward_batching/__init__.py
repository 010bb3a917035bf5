"""The batch axis alone."""
