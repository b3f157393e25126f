"""The stage of the stories here: `workhorse/local/demo/one_pool.py`, which benchmarks use as well.

Two hours of its time last less than a minute.
"""

from workhorse.local.demo.one_pool import Play, Stage, staged

__all__ = ["Play", "Stage", "staged"]
