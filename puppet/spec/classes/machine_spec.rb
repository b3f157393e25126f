require 'json'
require 'spec_helper'

describe 'profile::docker' do
  on_every_system do
    it 'has its data on the cache volume before the engine can start' do
      is_expected.to contain_file('/mnt/cache/docker')
        .with_ensure('directory').that_comes_before('Package[docker.io]')
      is_expected.to contain_file('/etc/docker/daemon.json').that_comes_before('Package[docker.io]')
      settings = JSON.parse(catalogue.resource('file', '/etc/docker/daemon.json')[:content])
      expect(settings['data-root']).to eq('/mnt/cache/docker')
      expect(settings['log-opts']).to eq('max-size' => '10m', 'max-file' => '3')
    end

    it 'waits for the volume and not for ever for the engine' do
      is_expected.to contain_file('/etc/systemd/system/docker.service.d/workhorse.conf')
        .with_content(%r{^RequiresMountsFor=/mnt/cache$}).with_content(/^TimeoutStartSec=120$/)
        .with_content(/^After=workhorse-cache\.service$/).with_content(/^TimeoutStopSec=45$/)
      is_expected.to contain_profile__unit('docker.service').that_requires('Package[docker.io]')
    end
  end
end

describe 'profile::caches' do
  on_every_system do
    it { is_expected.to compile.with_all_deps }

    it 'points each tool below the cache, whether a volume is there or not' do
      is_expected.to contain_file('/etc/bazel.bazelrc')
        .with_content("common --repository_cache=/mnt/cache/bazel/repository\n")
      is_expected.to contain_file('/home/jenkins/.m2/settings.xml')
        .with_content(%r{<localRepository>/mnt/cache/maven/repository</localRepository>})
      is_expected.to contain_file('/home/jenkins/.npmrc').with_content("cache=/mnt/cache/npm\n")
      %w[bazel maven npm git].each do |tool|
        is_expected.to contain_file("/mnt/cache/#{tool}").with(ensure: 'directory', owner: 'jenkins')
      end
    end

    it 'has each directory made at every boot for whom it is' do
      text = catalogue.resource('file', '/etc/tmpfiles.d/workhorse-cache.conf')[:content]
      expect(text).to include("d /mnt/cache/docker 0711 root root -\n")
      %w[bazel maven npm git].each do |tool|
        expect(text).to include("d /mnt/cache/#{tool} 0755 jenkins jenkins -\n")
      end
    end
  end
end

describe 'profile::updates' do
  on_every_system do
    it 'has nothing that updates by itself' do
      is_expected.to contain_package('unattended-upgrades').with_ensure('purged')
      is_expected.to contain_file('/etc/systemd/system/apt-daily-upgrade.timer')
        .with(ensure: 'link', target: '/dev/null')
    end

    it 'holds snaps where the system has them, and masks what updates beside apt' do
      expect(catalogue.resource('exec', 'hold all snaps').nil?).to be(debian)
      expect(catalogue.resource('file', '/etc/systemd/system/ua-timer.timer').nil?).to be(debian)
    end
  end
end

describe 'profile::clock' do
  on_every_system do
    it 'asks Amazon first' do
      is_expected.to contain_file('/etc/chrony/sources.d/workhorse.sources')
        .with_content(/^server 169\.254\.169\.123 prefer /).that_requires('Package[chrony]')
      is_expected.to contain_exec('enable chrony.service').that_requires('Package[chrony]')
    end
  end
end

describe 'profile::aws' do
  on_every_system do
    it 'has boto3 everywhere and the command line where the system has it' do
      is_expected.to contain_package('python3-boto3')
      expect(catalogue.resource('package', 'awscli').nil?).to be(!debian)
    end
  end
end

describe 'profile::base' do
  on_every_system do
    it 'makes host keys at the first boot, before anybody can log in' do
      is_expected.to contain_file('/etc/systemd/system/workhorse-hostkeys.service')
        .with_content(/^Before=ssh\.service/).with_content(/^TimeoutStartSec=60$/)
      is_expected.to contain_exec('enable workhorse-hostkeys.service')
    end
  end
end

describe 'profile::node_exporter' do
  on_every_system do
    it { is_expected.not_to contain_package('prometheus-node-exporter') }

    context 'when somebody collects its figures' do
      let(:params) { { enabled: true, listen: '127.0.0.1:9100' } }

      it 'listens where it is told to from its first start' do
        is_expected.to contain_file('/etc/default/prometheus-node-exporter')
          .with_content("ARGS=\"--web.listen-address=127.0.0.1:9100\"\n")
          .that_comes_before('Package[prometheus-node-exporter]')
        is_expected.to contain_exec('enable prometheus-node-exporter.service')
      end
    end
  end
end
