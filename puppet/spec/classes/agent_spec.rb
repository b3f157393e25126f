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

    %w[
      workhorse-register.service workhorse-late.service workhorse-cache.service
      workhorse-agent.service workhorse-watch.service workhorse-boot.timer
    ].each do |name|
      it "enables #{name} on the file system, whether or not systemd runs" do
        is_expected.to contain_exec("enable #{name}").with(
          command: "systemctl --root=/ enable #{name}",
          unless: "systemctl --root=/ is-enabled #{name} | grep -qx enabled"
        ).that_requires("File[#{units}/#{name}]")
      end
    end

    it 'never enables what only others may start' do
      %w[workhorse-boot.service workhorse-failed.service].each do |name|
        is_expected.not_to contain_exec("enable #{name}")
        expect(unit(name)).not_to include('[Install]')
      end
    end

    it 'limits every start in time, each within the deadline of the boot' do
      deadline = unit('workhorse-boot.timer')[/^OnBootSec=(\d+)s$/, 1].to_i
      %w[register late cache agent watch boot failed].each do |short|
        name = "workhorse-#{short}.service"
        limit = unit(name)[/^TimeoutStartSec=(\d+)$/, 1].to_i
        expect(limit).to be_between(1, deadline - 1), name
      end
    end

    it 'gives the script its time before systemd ends it' do
      text = unit('workhorse-register.service')
      expect(text).to include('-m workhorse.register --user jenkins --seconds 540')
      expect(text).to include("TimeoutStartSec=600\n")
    end

    it 'tells why and powers off when a step of the boot fails or the agent keeps ending' do
      %w[register late agent boot].each do |short|
        expect(unit("workhorse-#{short}.service"))
          .to hold_before("\nOnFailure=workhorse-failed.service", '[Service]'), short
      end
      text = unit('workhorse-failed.service')
      expect(text).to hold_before("\nSuccessAction=poweroff", '[Service]')
      expect(text).to hold_before("\nFailureAction=poweroff", '[Service]')
      expect(text).to include("\nTimeoutStartSec=60\n")
    end

    it 'powers off for an agent that keeps ending, and not for one that ended once' do
      # Since systemd 254 OnFailure= is started at each restart, unless that is said to be direct;
      # systemd 252 of Debian 12 does so never, and does not know the word.
      text = unit('workhorse-agent.service')
      expect(text).to match(/^Restart=always$/)
      expect(text.include?("\nRestartMode=direct\n")).to be(!debian)
      expect(text).to hold_before("\n[Service]\n", "\nRestartMode=direct\n") unless debian
    end

    it 'powers off only by way of telling why' do
      %w[register late cache agent watch boot].each do |short|
        expect(unit("workhorse-#{short}.service")).not_to match(/Action=poweroff/), short
      end
    end

    it 'registers, then applies what is late, then mounts the cache, then starts docker' do
      after = ->(short) { unit("workhorse-#{short}.service")[/^After=(.*)$/, 1].split }
      expect(after['register']).to include('network-online.target')
      expect(after['late']).to include('workhorse-register.service')
      expect(after['cache']).to include('workhorse-late.service', 'network-online.target')
      expect(after['agent']).to include('workhorse-cache.service', 'docker.service')
      expect(unit('workhorse-cache.service')).to match(/^Before=.*docker\.service/)
    end

    it 'claims no volume for a boot that failed' do
      expect(unit('workhorse-cache.service'))
        .to include("\nRequires=workhorse-register.service workhorse-late.service\n")
    end

    it 'works without a cache, and not without the rest' do
      text = unit('workhorse-agent.service')
      expect(text).to include("\nRequires=workhorse-register.service workhorse-late.service\n")
      expect(text).to include("\nWants=workhorse-cache.service\n")
    end

    it 'lets the cache go before systemd unmounts it, and makes its directories anew' do
      text = unit('workhorse-cache.service')
      expect(text).to include("\nRequiresMountsFor=/mnt/cache\n")
      expect(text).to include("\nExecStop=/usr/local/lib/workhorse/cache release\n")
      expect(text).to match(%r{^ExecStartPost=-.*/etc/tmpfiles\.d/workhorse-cache\.conf$})
    end

    it 'watches for as long as the machine runs, before a build is given memory' do
      text = unit('workhorse-watch.service')
      expect(text).to include("\nRestart=always\n", "\nStartLimitIntervalSec=0\n")
      expect(text).to include("\nOOMScoreAdjust=-900\n")
      expect(text).to include("\nConditionPathExists=/run/workhorse/lease\n")
    end

    it 'lets what a Pipeline runs outlive the agent, but not the machine' do
      text = unit('workhorse-agent.service')
      expect(text).to include("\nKillMode=process\n")
      expect(text).to include("\nExecStopPost=+/usr/local/lib/workhorse/sweep\n")
    end

    it 'trusts nobody with late configuration, bakes no agent.jar, and lets builds ask metadata' do
      is_expected.to contain_file('/etc/workhorse/late.signers').with_ensure('absent')
      is_expected.not_to contain_file('/usr/local/lib/workhorse/agent.jar')
      expect(unit('workhorse-agent.service')).not_to include('IPAddressDeny')
    end

    it 'runs the agent as its user with the secret on stdin, after the registration' do
      text = unit('workhorse-agent.service')
      expect(text).to include("\nUser=jenkins\n")
      expect(text).to include("\nStandardInput=file:/run/workhorse/secret\n")
      expect(text).to match(/^After=.*workhorse-register\.service/)
      expect(text).to hold_before("\nExecStartPre=+/usr/local/lib/workhorse/fetch-jar", "\nExecStart=")
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

  context 'with keys for late configuration, an agent.jar and no metadata for builds' do
    let(:facts) { SYSTEMS['Debian 12'] }
    let(:sha256) { 'ab' * 32 }
    let(:params) do
      {
        late_signers: ['ssh-ed25519 AAAAfirst ops', 'ssh-ed25519 AAAAsecond'],
        agent_jar: { 'url' => 'https://jenkins.test/agent.jar', 'sha256' => sha256 },
        metadata_for_builds: false
      }
    end

    it 'trusts them for late configuration and nothing else' do
      is_expected.to contain_file('/etc/workhorse/late.signers').with_ensure('file').with_content(
        "workhorse namespaces=\"workhorse-late\" ssh-ed25519 AAAAfirst ops\n" \
        "workhorse namespaces=\"workhorse-late\" ssh-ed25519 AAAAsecond\n"
      )
    end

    it 'fetches that very jar over TLS, and keeps it' do
      is_expected.to contain_exec('fetch agent.jar')
        .with_command(/--proto '=https' .*agent\.jar.*echo '#{sha256}  .*sha256sum --check/)
        .with_unless(/#{sha256}/)
      is_expected.to contain_file('/usr/local/lib/workhorse/agent.jar')
        .with(ensure: 'file', owner: 'root', mode: '0644').that_requires('Exec[fetch agent.jar]')
    end

    it 'keeps builds from the metadata service, at either of its addresses' do
      is_expected.to contain_file('/etc/systemd/system/workhorse-agent.service')
        .with_content(/^IPAddressDeny=169\.254\.169\.254 fd00:ec2::254$/)
    end
  end

  context 'with a deadline for the boot that comes before the end of the registration' do
    let(:facts) { SYSTEMS['Debian 12'] }
    let(:params) { { boot_seconds: 600 } }

    it { is_expected.to compile.and_raise_error(/boot_seconds is 600; legal: more than 600/) }
  end

  {
    uid: 999, home: 'home', register_seconds: 0, late_signers: ['AAAA'],
    agent_jar: { 'url' => 'http://jenkins.test/agent.jar', 'sha256' => 'ab' * 32 }
  }.each do |name, value|
    context "with #{name} => #{value}" do
      let(:facts) { SYSTEMS['Debian 12'] }
      let(:params) { { name => value } }

      it { is_expected.to compile.and_raise_error(/'#{name}'/) }
    end
  end
end
