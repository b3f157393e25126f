"""The worlds that the contract suites are run over: a name, and the module that builds its stages.

To add a world, write a module as `stages.py` says and name it here.
"""

WORLDS = {
    "sim": "tests.contracts.sim_world",
    "real": "tests.contracts.real_world",
    "real-on-2.462": "tests.contracts.real_jenkins",
}
