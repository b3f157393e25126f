# @summary Nothing changes on a running agent: an image is replaced as a whole.
#
# @param packages
#   What updates by itself, to be purged.
# @param masked
#   Units that nothing may start.
# @param hold_snaps
#   Whether snapd is told to keep what it has; where it does not run, it is not asked.
class profile::updates (
  Hash[String[1], String[1]] $packages,
  Array[String[1]] $masked,
  Boolean $hold_snaps,
) {
  profile::packages { 'updates': packages => $packages }

  $masked.each |$unit| {
    file { "/etc/systemd/system/${unit}":
      ensure => link,
      target => '/dev/null',
    }
  }

  if $hold_snaps {
    exec { 'hold all snaps':
      command  => 'snap set system refresh.hold=forever',
      onlyif   => 'systemctl is-active --quiet snapd.service',
      unless   => 'snap get system refresh.hold | grep -qx forever',
      path     => ['/usr/bin', '/bin'],
      provider => shell,
    }
  }
}
