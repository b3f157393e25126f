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

  profile::unit { 'workhorse-agent.service':
    content => epp('profile/agent.service.epp', {
        'user'    => $profile::agent::user,
        'java'    => "/opt/java/${profile::agent::java}/bin/java",
        'options' => $profile::agent::java_options,
    }),
  }

  # The timer is enabled; what it starts is not.
  file { '/etc/systemd/system/workhorse-boot.service':
    ensure  => file,
    mode    => '0644',
    content => epp('profile/boot.service.epp'),
  }

  profile::unit { 'workhorse-boot.timer':
    content => epp('profile/boot.timer.epp', { 'seconds' => $profile::agent::boot_seconds }),
    require => File['/etc/systemd/system/workhorse-boot.service'],
  }
}
