"""The worlds that the contract suites are run over: a name, and the module that builds its stages.

To add a world, write a module as `stages.py` says and name it here.
"""

WORLDS = {
    "sim": "tests.contracts.sim_world",
    "real": "tests.contracts.real_world",
    "real-on-2.462": "tests.contracts.real_jenkins",
}

ROLLOUT_WORLDS = {
    "launcher_world": {
        "sim": "tests.contracts.sim_rollouts",
        "real": "tests.contracts.real_rollouts",
    },
    "orders_world": {
        "sim": "tests.contracts.sim_rollouts",
        "real": "tests.contracts.real_rollouts",
    },
    "jobs_world": {"sim": "tests.contracts.sim_rollouts", "real": "tests.contracts.real_jobs"},
    "images_world": {"sim": "tests.contracts.sim_rollouts", "real": "tests.contracts.real_images"},
}
"""Fixture of a suite of rollouts to its worlds, as `rollout_stages.py` says."""
