"""Measures dynamically weighted adapters next to single ones, all data and plain averages."""
