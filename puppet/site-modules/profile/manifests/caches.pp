# @summary Where the tools of builds keep what they fetched: on the cache volume, when there is one.
#
# Docker's own data is in profile::docker. Git mirrors are made by pipelines, below git/.
#
# @param place
#   Where the cache volume is mounted.
# @param user
#   Whom builds run as.
# @param home
#   That user's home.
class profile::caches (
  Profile::Path $place,
  String[1] $user,
  Profile::Path $home,
) {
  # At each boot the directories are made anew, on the volume or in its place.
  file { '/etc/tmpfiles.d/workhorse-cache.conf':
    ensure  => file,
    mode    => '0644',
    content => epp('profile/cache.conf.epp', { 'cache' => $place, 'user' => $user }),
  }

  file { ['bazel', 'maven', 'npm', 'git'].map |$each| { "${place}/${each}" }:
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0755',
  }

  file { '/etc/bazel.bazelrc':
    ensure  => file,
    mode    => '0644',
    content => "common --repository_cache=${place}/bazel/repository\n",
  }

  file { "${home}/.m2":
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0755',
  }

  file {
    default:
      ensure => file,
      owner  => $user,
      group  => $user,
      mode   => '0644',
      ;
    "${home}/.m2/settings.xml":
      content => epp('profile/maven.settings.epp', { 'cache' => $place }),
      ;
    "${home}/.npmrc":
      content => "cache=${place}/npm\n",
      ;
  }
}
