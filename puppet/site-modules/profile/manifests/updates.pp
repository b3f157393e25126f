# @summary Nothing changes on a running agent: an image is replaced as a whole.
#
# @param packages
#   What updates by itself, to be purged.
# @param masked
#   Units that nothing may start.
class profile::updates (
  Hash[String[1], String[1]] $packages,
  Array[String[1]] $masked,
) {
  profile::packages { 'updates': packages => $packages }

  $masked.each |$unit| {
    file { "/etc/systemd/system/${unit}":
      ensure => link,
      target => '/dev/null',
    }
  }
}
