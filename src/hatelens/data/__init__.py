"""Labelled data: cards, files, splits, and what keeps tests out of training."""
