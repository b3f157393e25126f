"""`python -m workhorse.local.agent.complete_hook`: let the instance this runs on go.

The release job of a pool whose hooks a job completes runs it, on the agent itself. The instance
may be gone before this process is: who waits for its end sees the connection break.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from workhorse.local.agent.cloud import CallError, Cloud

DEFAULT_REGION = "us-east-1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Complete the hook; gives 0, or 1 with AWS' words on stderr."""
    parser = argparse.ArgumentParser(prog="complete_hook", description=__doc__)
    for name in ("group", "hook", "instance"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args(arguments)
    region = os.environ.get("AWS_REGION", DEFAULT_REGION)
    cloud = Cloud(os.environ["AWS_ENDPOINT_URL"], region)
    try:
        cloud.complete_hook(given.group, given.hook, given.instance)
    except (CallError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
