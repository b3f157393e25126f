# @summary A machine that registers with Jenkins when it boots and runs builds until it is ended.
class role::jenkins_agent {
  contain profile::base
  contain profile::updates
  contain profile::clock
  contain profile::java
  contain profile::docker
  contain profile::git
  contain profile::aws
  contain profile::agent
  contain profile::caches
  contain profile::node_exporter

  # First what could start by itself in the middle of a bake; last who is in Docker's group.
  Class['profile::updates']
  -> Class['profile::base']
  -> [Class['profile::clock'], Class['profile::java'], Class['profile::docker'],
  Class['profile::git'], Class['profile::aws']]
  -> Class['profile::agent']
  -> Class['profile::caches']
}
