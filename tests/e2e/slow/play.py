"""The pool whose images change, in numbers."""

from tests.e2e.slow.stage import AGENT_DIRECTORY, SPEED
from workhorse.local.demo.one_pool import Play
from workhorse.local.demo.rolling import PREFIX
from workhorse.local.demo.setting import PoolSetting

POOL = "baked"
BOOT_SECONDS = 1200
"""`boot_seconds`: 40 real seconds for a machine that boots while others do."""

PLAY = Play(
    pool=PoolSetting(name=POOL, label=POOL, job="baked-build", ceiling=4),
    policy={"boot_seconds": BOOT_SECONDS},
    agent={"directory": AGENT_DIRECTORY},
    speed=SPEED,
    prefix=PREFIX,
    rollout={
        "waves": [50, 100],
        "bake_seconds": 60,
        "canary_seconds": 30 * SPEED,
        "smoke_job": f"workhorse-smoke-{POOL}",
    },
)
