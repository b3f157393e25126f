# @summary The agent: its user, its scripts, and the units that make an instance a node of Jenkins.
#
# @param user
#   Whom builds run as.
# @param uid
#   The user's and its group's number.
# @param groups
#   What else the user may use.
# @param home
#   The user's home; builds work in `agent` below it, unless user data says otherwise.
# @param java
#   Number of the release of Java that runs agent.jar.
# @param java_options
#   Options of that Java.
# @param register_seconds
#   How long registering may take before the instance powers itself off.
# @param boot_seconds
#   How long after power-on the agent must run, else the instance powers itself off.
# @param verbs
#   Scripts that jobs call, as `workhorse-NAME`.
# @param cache
#   Where the cache volume is mounted.
# @param metadata_for_builds
#   Whether builds may ask the instance's metadata service.
# @param late_signers
#   Public keys that may sign late configuration; none: it is refused.
# @param restart_mode
#   How systemd restarts the agent, where its version has a choice.
# @param agent_jar
#   An agent.jar to bake in, for when Jenkins serves none.
class profile::agent (
  String[1] $user,
  Integer[1000] $uid,
  Array[String[1]] $groups,
  Profile::Path $home,
  String[1] $java,
  Array[String[1]] $java_options,
  Integer[1] $register_seconds,
  Integer[1] $boot_seconds,
  Array[String[1]] $verbs,
  Profile::Path $cache,
  Boolean $metadata_for_builds,
  Array[Pattern[/\A(ssh|ecdsa|sk)-\S+ \S+( .*)?\z/]] $late_signers,
  Optional[Enum['direct']] $restart_mode,
  Optional[Profile::Jar] $agent_jar,
) {
  contain profile::agent::account
  contain profile::agent::scripts
  contain profile::agent::units

  Class['profile::agent::account']
  -> Class['profile::agent::scripts']
  -> Class['profile::agent::units']
}
