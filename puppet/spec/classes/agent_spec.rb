require 'spec_helper'

describe 'profile::agent' do
  on_every_system do
    let(:units) { '/etc/systemd/system' }

    def unit(name)
      catalogue.resource('file', "/etc/systemd/system/#{name}")[:content]
    end

    it { is_expected.to compile.with_all_deps }

    it 'has a user with the same number on every image, no password and no sudo' do
      is_expected.to contain_user('jenkins').with(
        uid: 2000, gid: 'jenkins', groups: ['docker'], home: '/home/jenkins', password: nil
      )
      is_expected.to contain_file('/home/jenkins/agent').with(owner: 'jenkins', mode: '0755')
    end

    it 'owns its scripts as root and removes what the checkout no longer has' do
      is_expected.to contain_file('/usr/local/lib/workhorse').with(
        owner: 'root', mode: '0755', recurse: true, purge: true
      )
      is_expected.to contain_file('/usr/local/bin/workhorse-leave')
        .with(ensure: 'link', target: '/usr/local/lib/workhorse/leave')
    end

    %w[workhorse-register.service workhorse-agent.service workhorse-boot.timer].each do |name|
      it "enables #{name} on the file system, whether or not systemd runs" do
        is_expected.to contain_exec("enable #{name}").with(
          command: "systemctl --root=/ enable #{name}",
          unless: "systemctl --root=/ is-enabled #{name} | grep -qx enabled"
        ).that_requires("File[#{units}/#{name}]")
      end
    end

    it 'never enables what only the timer may start' do
      is_expected.not_to contain_exec('enable workhorse-boot.service')
      expect(unit('workhorse-boot.service')).not_to include('[Install]')
    end

    it 'limits every start in time, each within the deadline of the boot' do
      deadline = unit('workhorse-boot.timer')[/^OnBootSec=(\d+)s$/, 1].to_i
      %w[workhorse-register.service workhorse-agent.service workhorse-boot.service].each do |name|
        limit = unit(name)[/^TimeoutStartSec=(\d+)$/, 1].to_i
        expect(limit).to be_between(1, deadline - 1), name
      end
    end

    it 'gives the script its time before systemd ends it' do
      text = unit('workhorse-register.service')
      expect(text).to include('-m workhorse.register --user jenkins --seconds 540')
      expect(text).to include("TimeoutStartSec=600\n")
    end

    it 'powers off when registering fails or the agent keeps ending' do
      expect(unit('workhorse-register.service')).to hold_before("\nFailureAction=poweroff", '[Service]')
      expect(unit('workhorse-agent.service')).to hold_before("\nStartLimitAction=poweroff", '[Service]')
    end

    it 'runs the agent as its user with the secret on stdin, after the registration' do
      text = unit('workhorse-agent.service')
      expect(text).to include("\nUser=jenkins\n")
      expect(text).to include("\nStandardInput=file:/run/workhorse/secret\n")
      expect(text).to include("\nRequires=workhorse-register.service\n")
      expect(text).to match(/^After=.*workhorse-register\.service/)
      expect(text).to include("\nEnvironment=WORKHORSE_JAVA=/opt/java/17/bin/java\n")
      expect(text).to include("\nOOMPolicy=continue\n")
    end
  end

  context 'with other numbers' do
    let(:facts) { SYSTEMS['Debian 12'] }
    let(:params) { { register_seconds: 100, boot_seconds: 300, uid: 3000, java: '21', verbs: [] } }

    it 'passes them on' do
      is_expected.to contain_file('/etc/systemd/system/workhorse-register.service')
        .with_content(/--seconds 100$/).with_content(/^TimeoutStartSec=160$/)
      is_expected.to contain_file('/etc/systemd/system/workhorse-boot.timer')
        .with_content(/^OnBootSec=300s$/)
      is_expected.to contain_user('jenkins').with_uid(3000)
      is_expected.not_to contain_file('/usr/local/bin/workhorse-leave')
    end
  end

  context 'with a deadline for the boot that comes before the end of the registration' do
    let(:facts) { SYSTEMS['Debian 12'] }
    let(:params) { { boot_seconds: 600 } }

    it { is_expected.to compile.and_raise_error(/boot_seconds is 600; legal: more than 600/) }
  end

  { uid: 999, home: 'home', register_seconds: 0 }.each do |name, value|
    context "with #{name} => #{value}" do
      let(:facts) { SYSTEMS['Debian 12'] }
      let(:params) { { name => value } }

      it { is_expected.to compile.and_raise_error(/'#{name}'/) }
    end
  end
end
