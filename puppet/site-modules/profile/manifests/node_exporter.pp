# @summary Figures of the machine for Prometheus, where somebody collects them.
#
# @param enabled
#   Whether it is on the image at all.
# @param listen
#   The address that it is collected from.
# @param packages
#   The exporter.
class profile::node_exporter (
  Boolean $enabled,
  Pattern[/\A[0-9.]*:[0-9]+\z/] $listen,
  Hash[String[1], String[1]] $packages,
) {
  if $enabled {
    file { '/etc/default/prometheus-node-exporter':
      ensure  => file,
      mode    => '0644',
      content => "ARGS=\"--web.listen-address=${listen}\"\n",
    }
    -> profile::packages { 'node_exporter': packages => $packages }
    -> profile::unit { 'prometheus-node-exporter.service': }
  }
}
