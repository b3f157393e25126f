# @summary A systemd unit that starts at the next boot, and not before.
#
# An image is baked where systemd may not run, or on a machine whose services must stay still: so
# the unit is enabled on the file system and never started. The same commands work in both places.
#
# @param content
#   The unit file; left out where a package brings it.
define profile::unit (
  Optional[String[1]] $content = undef,
) {
  if $content {
    file { "/etc/systemd/system/${title}":
      ensure  => file,
      mode    => '0644',
      content => $content,
      before  => Exec["enable ${title}"],
    }
  }

  exec { "enable ${title}":
    command  => "systemctl --root=/ enable ${title}",
    unless   => "systemctl --root=/ is-enabled ${title} | grep -qx enabled",
    path     => ['/usr/bin', '/bin'],
    provider => shell,
  }
}
