#!/bin/bash
# Take out what is private to this machine or to this bake, so that it can be copied.
#   STAGING  folder of the bake
set -euo pipefail

rm -f /usr/sbin/policy-rc.d
apt-get -q clean
rm -rf /var/lib/apt/lists/* /var/cache/puppet/* /var/lib/puppet/*

# Identity: every instance makes its own at its first boot.
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
truncate -s 0 /etc/machine-id
ln -sf /etc/machine-id /var/lib/dbus/machine-id
rm -f /var/lib/systemd/random-seed /var/lib/systemd/credential.secret
if command -v cloud-init >/dev/null; then cloud-init clean --logs --seed; fi

# Traces: logs, histories, what was uploaded. Whoever writes logs must not go on to write them.
if [ -d /run/systemd/system ]; then
    systemctl stop syslog.socket rsyslog.service 2>/dev/null || true
    journalctl --relinquish-var
fi
find /var/log -type f -exec truncate -s 0 {} +
rm -rf /var/log/journal/* /root/.bash_history /home/*/.bash_history /root/.ssh/authorized_keys
rm -rf /var/tmp/* "$STAGING"
find /tmp -mindepth 1 -maxdepth 1 ! -name 'script_*' -exec rm -rf {} +
sync
