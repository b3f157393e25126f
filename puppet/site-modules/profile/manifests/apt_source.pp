# @summary An apt archive beside the system's own, trusted by the key that is given with it.
#
# @param source
#   Its address, suite, component, and signing key in ASCII armour.
define profile::apt_source (
  Profile::Archive $source,
) {
  $key = "/etc/apt/keyrings/${title}.asc"

  file { '/etc/apt/keyrings': ensure => directory }

  file { $key:
    ensure  => file,
    mode    => '0644',
    content => $source['key'],
  }

  file { "/etc/apt/sources.list.d/${title}.sources":
    ensure  => file,
    mode    => '0644',
    content => epp('profile/apt.sources.epp', { 'source' => $source, 'key' => $key }),
    require => File[$key],
  }

  exec { "read ${title}'s archive":
    command     => '/usr/bin/apt-get update -q',
    refreshonly => true,
    subscribe   => File[$key, "/etc/apt/sources.list.d/${title}.sources"],
  }
}
