"""Other forms of a model folder, proven equal to it."""
