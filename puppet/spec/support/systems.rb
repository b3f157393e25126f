# Facts of the systems that an image is made from, as Facter 4 tells them on an amd64 instance.
# Debian's facterdb ends before Debian 12, so they are written here.

def system_facts(name, release, codename, family_release)
  {
    'os' => {
      'name' => name,
      'family' => 'Debian',
      'architecture' => 'amd64',
      'release' => { 'full' => family_release, 'major' => release },
      'distro' => { 'codename' => codename, 'id' => name }
    },
    'networking' => { 'hostname' => 'bake', 'fqdn' => 'bake.internal' },
    'kernel' => 'Linux',
    'service_provider' => 'systemd',
    'workhorse_pool' => 'linux'
  }
end

SYSTEMS = {
  'Debian 12' => system_facts('Debian', '12', 'bookworm', '12.12'),
  'Ubuntu 24.04' => system_facts('Ubuntu', '24.04', 'noble', '24.04')
}.freeze

def on_every_system(&examples)
  SYSTEMS.each do |name, facts|
    context "on #{name}" do
      let(:facts) { facts }
      let(:debian) { name.start_with?('Debian') }

      class_exec(&examples)
    end
  end
end
