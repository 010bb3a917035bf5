"""Ragged reality."""
