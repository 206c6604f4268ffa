"""The service's record: what was answered, by which model, under which policy, and its proof."""
