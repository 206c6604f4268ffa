"""The service under load: its speed beside the bare model, and whether its record holds."""
