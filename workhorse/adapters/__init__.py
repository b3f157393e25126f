"""The outside, one thing to a module; thin, for what decides is in the core."""
