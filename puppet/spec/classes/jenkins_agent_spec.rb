require 'spec_helper'

describe 'role::jenkins_agent' do
  on_every_system do
    it { is_expected.to compile.with_all_deps }

    it 'keeps everything still before it installs anything' do
      is_expected.to contain_class('profile::updates').that_comes_before('Class[profile::base]')
      is_expected.to contain_class('profile::docker').that_comes_before('Class[profile::agent]')
    end

    it 'starts nothing: what an image does begins at its first boot' do
      services = catalogue.resources.select { |resource| resource.type == 'Service' }
      expect(services).to be_empty
      commands = catalogue.resources.select { |r| r.type == 'Exec' }.map { |r| r[:command] }
      expect(commands.grep(/systemctl (start|restart|daemon-reload)|service /)).to be_empty
    end

    it 'takes every version and default from the data' do
      packages = catalogue.resources.select { |resource| resource.type == 'Package' }
      expect(packages.map { |package| package[:ensure].to_s }.uniq.sort).to eq(%w[installed purged])
      expect(packages.map { |package| package[:install_options] }.uniq)
        .to eq([['--no-install-recommends']])
    end
  end

  context 'for a pool with data of its own' do
    let(:facts) { SYSTEMS['Debian 12'].merge('workhorse_pool' => 'example') }

    it { is_expected.to compile.with_all_deps }

    it 'adds its packages and leaves those of everybody' do
      is_expected.to contain_package('build-essential').with_ensure('installed')
      is_expected.to contain_package('curl')
    end
  end
end
