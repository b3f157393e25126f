# @summary What the scripts of the agent speak to AWS with.
#
# @param packages
#   boto3, and AWS' command line where the system has it.
class profile::aws (
  Hash[String[1], String[1]] $packages,
) {
  profile::packages { 'aws': packages => $packages }
}
