# @summary What every build may count on, and host keys that no two instances share.
#
# @param packages
#   Programs that scripts of the agent and nearly every build call.
class profile::base (
  Hash[String[1], String[1]] $packages,
) {
  profile::packages { 'base': packages => $packages }

  # A sealed image has no host keys. Where cloud-init makes none, this does.
  profile::unit { 'workhorse-hostkeys.service':
    content => epp('profile/hostkeys.service.epp'),
  }
}
