# @summary What runs on the agent's side, owned by root: builds may call it and not change it.
#
# @api private
class profile::agent::scripts {
  # Holds nothing on a real instance; a trial may say where its AWS is (local.env).
  file { '/etc/workhorse':
    ensure => directory,
    mode   => '0755',
  }

  # The bake puts scripts/agent of the checkout there.
  file { '/usr/local/lib/workhorse':
    ensure  => directory,
    source  => 'puppet:///modules/profile/agent',
    recurse => true,
    purge   => true,
    force   => true,
    ignore  => ['__pycache__', '*.md'],
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
  }

  $profile::agent::verbs.each |$verb| {
    file { "/usr/local/bin/workhorse-${verb}":
      ensure => link,
      target => "/usr/local/lib/workhorse/${verb}",
    }
  }
}
