# @summary Packages of the system with nothing that they merely recommend.
#
# @param packages
#   Names, each with what Puppet calls its `ensure`: `installed`, `purged`, or a version.
define profile::packages (
  Hash[String[1], String[1]] $packages,
) {
  $packages.each |$name, $version| {
    package { $name:
      ensure          => $version,
      install_options => ['--no-install-recommends'],
    }
  }
}
