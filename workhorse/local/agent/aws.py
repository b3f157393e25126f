"""`python -m workhorse.local.agent.aws`: the two calls of the AWS CLI that let an instance go.

It takes the words that the CLI takes, so that a script calls either. It imports in a tenth of the
time, and a hundred agents may leave at once.
https://docs.aws.amazon.com/cli/latest/reference/autoscaling/
"""

import argparse
import os
import sys
from collections.abc import Sequence

from workhorse.local.agent.cloud import CallError, Cloud

DEFAULT_REGION = "us-east-1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the call; gives 0, or 254 with AWS' words on stderr as the CLI does."""
    given = _parser().parse_args(arguments)
    region = given.region or os.environ.get("AWS_REGION", DEFAULT_REGION)
    cloud = Cloud(os.environ["AWS_ENDPOINT_URL"], region)
    try:
        if given.action == "complete-lifecycle-action":
            cloud.complete_hook(given.group, given.hook, given.instance)
        else:
            cloud.leave_group(given.instance, decrement=given.decrement)
    except (CallError, OSError) as error:
        sys.stderr.write(f"An error occurred: {error}\n")
        return REFUSED
    return 0


REFUSED = 254
"""Status of the CLI when AWS refused."""


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="aws", description=__doc__, allow_abbrev=False)
    top.add_argument("--region", default="")
    top.add_argument("service", choices=["autoscaling"])
    actions = top.add_subparsers(dest="action", required=True)
    leave = actions.add_parser("terminate-instance-in-auto-scaling-group", allow_abbrev=False)
    leave.add_argument("--instance-id", dest="instance", required=True)
    _flag = leave.add_mutually_exclusive_group(required=True)
    _flag.add_argument("--should-decrement-desired-capacity", dest="decrement", action="store_true")
    _flag.add_argument(
        "--no-should-decrement-desired-capacity", dest="decrement", action="store_false"
    )
    hook = actions.add_parser("complete-lifecycle-action", allow_abbrev=False)
    hook.add_argument("--auto-scaling-group-name", dest="group", required=True)
    hook.add_argument("--lifecycle-hook-name", dest="hook", required=True)
    hook.add_argument("--instance-id", dest="instance", required=True)
    hook.add_argument("--lifecycle-action-result", choices=["CONTINUE"], required=True)
    return top


if __name__ == "__main__":
    sys.exit(main())
