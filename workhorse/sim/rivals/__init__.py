"""Other systems' policies, each from its documented constants, in the same simulated world."""
