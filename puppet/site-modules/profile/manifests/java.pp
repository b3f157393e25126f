# @summary The releases of Java, each found as /opt/java/NUMBER, one of them as `java`.
#
# @param releases
#   By number: the system's package, its version, and where it is unpacked.
# @param default
#   Number of the release that `java` on the path is.
# @param source
#   An apt archive for releases that the system does not have, with its signing key as text.
# @param source_releases
#   What comes from there; not installed without a source.
class profile::java (
  Profile::Java_releases $releases,
  String[1] $default,
  Optional[Profile::Archive] $source,
  Profile::Java_releases $source_releases,
) {
  if $source {
    profile::apt_source { 'java': source => $source }
    $all = $releases + $source_releases
    Profile::Apt_source['java'] -> Profile::Packages['java']
  } else {
    $all = $releases
  }

  unless $default in $all {
    fail("profile::java::default is ${default}; on this image there is ${all.keys.join(', ')}")
  }

  $packages = $all.map |$number, $release| { [$release['package'], $release['version']] }
  profile::packages { 'java': packages => Hash($packages) }

  file { '/opt/java': ensure => directory }

  $all.each |$number, $release| {
    file { "/opt/java/${number}":
      ensure => link,
      target => $release['home'],
    }
  }

  $java = "${all[$default]['home']}/bin/java"
  exec { "make Java ${default} the default":
    command  => "update-alternatives --set java ${java}",
    unless   => "test \"$(readlink /etc/alternatives/java)\" = ${java}",
    path     => ['/usr/bin', '/bin', '/usr/sbin', '/sbin'],
    provider => shell,
    require  => Profile::Packages['java'],
  }
}
