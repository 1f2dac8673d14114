"""methods/baselines."""
