#!/bin/bash
# Apply the role, and once more: an image whose second application changes anything is not made.
#   STAGING  folder with puppet/ and agent/        POOL  whose data is read first
set -euo pipefail
# NEEDRESTART_MODE: list the services that need a restart, and leave them.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l FACTER_workhorse_pool=$POOL

puppet=$STAGING/puppet
files=$puppet/site-modules/profile/files
mkdir -p "$files"
rm -rf "$files/agent"
cp -r "$STAGING/agent" "$files/agent"

# --detailed-exitcodes: 0 nothing to do, 2 changed; 1, 4 and 6 failed.
role() {
    timeout "$1" puppet apply --color=false --detailed-exitcodes --hiera_config "$puppet/hiera.yaml" \
        --modulepath "$puppet/site-modules" "$puppet/manifests/site.pp"
}

status=0
role 1500 || status=$?
case $status in
    0 | 2) ;;
    124) echo "puppet: not done within 25 minutes" >&2 && exit 124 ;;
    *) echo "puppet: failed with $status" >&2 && exit "$status" ;;
esac

status=0
role 180 || status=$?
if [ "$status" -ne 0 ]; then
    echo "puppet: a second application changed something or failed ($status)" >&2
    exit 1
fi
