# @summary Docker, whose images and layers live on the cache volume.
#
# Without such a volume its mount point is a plain directory, and Docker works from the root volume.
#
# @param packages
#   Docker's engine.
# @param cache
#   Where the cache volume is mounted.
# @param log_size
#   A container's log is cut at this size.
# @param log_files
#   So many such logs are kept.
# @param start_seconds
#   Longest that the engine may take to start; the package sets no limit.
# @param stop_seconds
#   Longest that it may take to stop.
class profile::docker (
  Hash[String[1], String[1]] $packages,
  Profile::Path $cache,
  Pattern[/\A[0-9]+[kmg]\z/] $log_size,
  Integer[1] $log_files,
  Integer[1] $start_seconds,
  Integer[1] $stop_seconds,
) {
  $root = "${cache}/docker"

  file { ['/etc/docker', '/etc/systemd/system/docker.service.d', $cache, $root]:
    ensure => directory,
  }

  file { '/etc/docker/daemon.json':
    ensure  => file,
    mode    => '0644',
    content => epp('profile/daemon.json.epp', {
        'root' => $root, 'log_size' => $log_size, 'log_files' => $log_files,
    }),
  }

  file { '/etc/systemd/system/docker.service.d/workhorse.conf':
    ensure  => file,
    mode    => '0644',
    content => epp('profile/docker.conf.epp', {
        'cache' => $cache, 'start_seconds' => $start_seconds, 'stop_seconds' => $stop_seconds,
    }),
  }

  # Installing it may start it, and then it must not begin at its default root.
  File['/etc/docker/daemon.json', $root] -> Profile::Packages['docker']
  profile::packages { 'docker': packages => $packages }
  -> profile::unit { 'docker.service': }
}
