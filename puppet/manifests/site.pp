# Every image of ours is that of an agent.
node default {
  include role::jenkins_agent
}
