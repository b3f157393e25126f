"""What decides: pure functions over frozen facts, with time as an argument."""
