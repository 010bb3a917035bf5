"""The time axis, and then both."""
