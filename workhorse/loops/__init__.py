"""Observe, decide, perform, remember: the loops, and the ports they need."""
