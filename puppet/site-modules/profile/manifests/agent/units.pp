# @summary From power-on to a connected agent, with an end to every wait.
#
# @api private
class profile::agent::units {
  # systemd waits a minute longer for the registration than the script does.
  $least = $profile::agent::register_seconds + 60
  unless $profile::agent::boot_seconds > $least {
    fail("boot_seconds is ${profile::agent::boot_seconds}; legal: more than ${least}")
  }

  profile::unit { 'workhorse-register.service':
    content => epp('profile/register.service.epp', {
        'user'    => $profile::agent::user,
        'seconds' => $profile::agent::register_seconds,
    }),
  }

  profile::unit { 'workhorse-late.service': content => epp('profile/late.service.epp') }

  profile::unit { 'workhorse-cache.service':
    content => epp('profile/cache.service.epp', { 'cache' => $profile::agent::cache }),
  }

  profile::unit { 'workhorse-agent.service':
    content => epp('profile/agent.service.epp', {
        'user'         => $profile::agent::user,
        'java'         => "/opt/java/${profile::agent::java}/bin/java",
        'options'      => $profile::agent::java_options,
        'cache'        => $profile::agent::cache,
        'metadata'     => $profile::agent::metadata_for_builds,
        'restart_mode' => $profile::agent::restart_mode,
    }),
  }

  profile::unit { 'workhorse-watch.service': content => epp('profile/watch.service.epp') }

  # These two are started by others, and are not enabled.
  ['boot', 'failed'].each |$each| {
    file { "/etc/systemd/system/workhorse-${each}.service":
      ensure  => file,
      mode    => '0644',
      content => epp("profile/${each}.service.epp"),
    }
  }

  profile::unit { 'workhorse-boot.timer':
    content => epp('profile/boot.timer.epp', { 'seconds' => $profile::agent::boot_seconds }),
    require => File['/etc/systemd/system/workhorse-boot.service'],
  }
}
