"""Detectors that anybody can install, side by side with hatelens on the same texts."""
