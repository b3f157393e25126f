"""What does: thin, one outside thing each. Nothing here decides."""
