"""Configuration: recipes (schema and composition) and settings from the environment."""
