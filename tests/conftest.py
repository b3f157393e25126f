"""What every test runs under: Hypothesis' profiles.

`house` is the default: the same examples every time, no deadline (two cores are shared by
several workers, so a slow example says nothing), no database. `deep` searches for long and at
random: `python -m pytest --hypothesis-profile=deep tests/properties`.
"""

from hypothesis import settings

settings.register_profile("house", derandomize=True, deadline=None, database=None)
settings.register_profile(
    "deep", deadline=None, max_examples=5_000, stateful_step_count=60, print_blob=True
)
settings.load_profile("house")
