# @summary The user that builds run as, and where they work.
#
# @api private
class profile::agent::account {
  group { $profile::agent::user:
    ensure => present,
    gid    => $profile::agent::uid,
  }

  user { $profile::agent::user:
    ensure     => present,
    uid        => $profile::agent::uid,
    gid        => $profile::agent::user,
    groups     => $profile::agent::groups,
    home       => $profile::agent::home,
    managehome => true,
    shell      => '/bin/bash',
  }

  file { "${profile::agent::home}/agent":
    ensure => directory,
    owner  => $profile::agent::user,
    group  => $profile::agent::user,
    mode   => '0755',
  }
}
