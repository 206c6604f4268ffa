"""Measuring a detector honestly: metrics with intervals, calibration, groups, functional tests."""
