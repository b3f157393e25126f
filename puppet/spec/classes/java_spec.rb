require 'spec_helper'

ARCHIVE = {
  'url' => 'https://archive.test/deb',
  'suite' => 'bookworm',
  'component' => 'main',
  'key' => "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
}.freeze

describe 'profile::java' do
  on_every_system do
    it 'has Java 17 from the system as /opt/java/17 and as java' do
      is_expected.to contain_package('openjdk-17-jdk-headless')
      home = '/usr/lib/jvm/java-17-openjdk-amd64'
      is_expected.to contain_file('/opt/java/17').with(ensure: 'link', target: home)
      is_expected.to contain_exec('make Java 17 the default')
        .with_command("update-alternatives --set java #{home}/bin/java")
        .that_requires('Package[openjdk-17-jdk-headless]')
    end

    it 'adds no archive of its own accord' do
      expect(catalogue.resources.select { |r| r.type == 'Profile::Apt_source' }).to be_empty
    end

    it 'has Java 21 from the system where the system has it' do
      if debian
        is_expected.not_to contain_file('/opt/java/21')
      else
        is_expected.to contain_package('openjdk-21-jdk-headless')
        is_expected.to contain_file('/opt/java/21').with_target('/usr/lib/jvm/java-21-openjdk-amd64')
      end
    end
  end

  context 'on Debian 12 with an archive' do
    let(:facts) { SYSTEMS['Debian 12'] }
    let(:params) { { source: ARCHIVE, default: '21' } }

    it { is_expected.to compile.with_all_deps }

    it 'trusts it by the key given and reads it before it installs from it' do
      is_expected.to contain_file('/etc/apt/keyrings/java.asc').with_content(ARCHIVE['key'])
      is_expected.to contain_file('/etc/apt/sources.list.d/java.sources')
        .with_content(%r{^URIs: https://archive.test/deb$})
        .with_content(%r{^Signed-By: /etc/apt/keyrings/java.asc$})
      is_expected.to contain_exec("read java's archive")
        .with_refreshonly(true).that_comes_before('Package[temurin-21-jdk]')
    end

    it 'may make it the default' do
      is_expected.to contain_exec('make Java 21 the default')
        .with_command(%r{--set java /usr/lib/jvm/temurin-21-jdk-amd64/bin/java})
    end
  end

  context 'with a default that the image does not have' do
    let(:facts) { SYSTEMS['Debian 12'] }
    let(:params) { { default: '21' } }

    it { is_expected.to compile.and_raise_error(/default is 21; on this image there is 17/) }
  end

  context 'with a key that is no key' do
    let(:facts) { SYSTEMS['Debian 12'] }
    let(:params) { { source: ARCHIVE.merge('key' => 'ABCDEF01') } }

    it { is_expected.to compile.and_raise_error(/'source'/) }
  end
end
