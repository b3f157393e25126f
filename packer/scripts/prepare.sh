#!/bin/bash
# Make a fresh machine ready for Puppet: nothing starts by itself, nothing else installs.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l

# The first boot of a cloud image may still be at work; 2 means done with complaints.
if command -v cloud-init >/dev/null; then
    timeout 300 cloud-init status --wait >/dev/null || [ $? -eq 2 ]
fi

# Packages that start what they install would write state into the image. The seal removes this.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d

apt=(apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends puppet-agent
