"""Explanations: what in a text carried its score."""
