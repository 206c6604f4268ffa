"""Kinds of model: everything that turns texts into predictions."""
