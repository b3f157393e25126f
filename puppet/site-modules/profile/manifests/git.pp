# @summary Git, which Jenkins checks sources out with.
#
# @param packages
#   Git and what it needs.
class profile::git (
  Hash[String[1], String[1]] $packages,
) {
  profile::packages { 'git': packages => $packages }
}
