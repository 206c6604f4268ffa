"""The steps from one version of the tables to the next; a released one is never changed."""
