# @summary The right time: signatures for AWS are refused when it is minutes off.
#
# @param packages
#   The time daemon.
# @param servers
#   Whom to ask first.
class profile::clock (
  Hash[String[1], String[1]] $packages,
  Array[String[1]] $servers,
) {
  profile::packages { 'clock': packages => $packages }

  file { '/etc/chrony/sources.d/workhorse.sources':
    ensure  => file,
    mode    => '0644',
    content => epp('profile/chrony.sources.epp', { 'servers' => $servers }),
    require => Profile::Packages['clock'],
  }

  profile::unit { 'chrony.service':
    require => Profile::Packages['clock'],
  }
}
