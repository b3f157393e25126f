"""`python -m workhorse.local.agent.aws`: the calls of the AWS CLI that let an instance go.

It takes the words that `scripts/agent/leave` gives the CLI, which takes ten times as long to
import, and a hundred agents may leave at once.
https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-skeleton.html
"""

import argparse
import json
import sys
from collections.abc import Sequence

from workhorse.local.agent.cloud import CallError, Cloud

REFUSED = 254
"""Status of the CLI when AWS refused."""

ACTIONS = {
    "terminate-instance-in-auto-scaling-group": "TerminateInstanceInAutoScalingGroup",
    "complete-lifecycle-action": "CompleteLifecycleAction",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the call; gives 0, or 254 with AWS' words on stderr as the CLI does."""
    parser = argparse.ArgumentParser(prog="aws", description=__doc__)
    parser.add_argument("--endpoint-url", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("service", choices=["autoscaling"])
    parser.add_argument("action", choices=sorted(ACTIONS))
    parser.add_argument("--cli-input-json", required=True, type=json.loads)
    given = parser.parse_args(arguments)
    cloud = Cloud(given.endpoint_url, given.region)
    form = {name: _worded(value) for name, value in given.cli_input_json.items()}
    try:
        cloud.query(given.service, ACTIONS[given.action], form)
    except (CallError, OSError) as error:
        sys.stderr.write(f"An error occurred: {error}\n")
        return REFUSED
    return 0


def _worded(value: str | bool) -> str:  # noqa: FBT001 - a value of JSON
    return json.dumps(value) if isinstance(value, bool) else value


if __name__ == "__main__":
    sys.exit(main())
