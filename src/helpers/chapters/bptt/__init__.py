"""Gradient through time."""
