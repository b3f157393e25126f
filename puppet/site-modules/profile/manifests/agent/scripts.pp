# @summary What runs on the agent's side, owned by root: builds may call it and not change it.
#
# @api private
class profile::agent::scripts {
  # Holds what the image trusts; a trial may say where its AWS is (local.env).
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

  # Whose late configuration this image takes. Without the file it takes nobody's.
  $signers = $profile::agent::late_signers.map |$key| {
    "workhorse namespaces=\"workhorse-late\" ${key}\n"
  }
  file { '/etc/workhorse/late.signers':
    ensure  => $signers.empty ? { true => absent, default => file },
    mode    => '0644',
    content => $signers.join,
  }

  $profile::agent::verbs.each |$verb| {
    file { "/usr/local/bin/workhorse-${verb}":
      ensure => link,
      target => "/usr/local/lib/workhorse/${verb}",
    }
  }

  if $profile::agent::agent_jar {
    contain profile::agent::jar
  }
}
