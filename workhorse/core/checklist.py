"""What must be true of the image of an agent, as data.

`images --check` shows the list; the tests in `tests/image` have one check for each entry, run on
the root of a baked image. The order is that of reading: what an agent needs, then what an image
must not carry from the machine on which it was baked.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is true of an image which may be promoted."""

    id: str
    """Short name in words with hyphens; also the name of its test."""
    sentence: str
    """What is true, for people."""
    told_by: str
    """What is looked at on the image's root, without booting it."""


CHECKLIST = (
    Check(
        id="java-is-there",
        sentence="Each release of Java runs from /opt/java, and one of them is `java`.",
        told_by="every /opt/java/*/bin/java, and java on the path, print their version",
    ),
    Check(
        id="docker-is-ready",
        sentence="Docker starts at boot, within a limit, and keeps its data on the cache volume.",
        told_by="docker.service is enabled and limited; daemon.json's data-root, a directory",
    ),
    Check(
        id="git-is-there",
        sentence="Git is there for Jenkins to check sources out.",
        told_by="git --version",
    ),
    Check(
        id="the-agent-has-a-user",
        sentence="Builds run as a user who may use Docker, has no password and no sudo.",
        told_by="passwd, shadow, the groups of jenkins, sudo's files",
    ),
    Check(
        id="builds-have-a-place",
        sentence="The directory where builds work belongs to their user.",
        told_by="owner and mode of /home/jenkins/agent",
    ),
    Check(
        id="scripts-are-whole",
        sentence="The agent's scripts are those of the checkout, and builds cannot change them.",
        told_by="contents, owners and modes in /usr/local/lib/workhorse; links in /usr/local/bin",
    ),
    Check(
        id="aws-can-be-asked",
        sentence="The scripts have what they speak to AWS and to the gateway with.",
        told_by="the image's own Python imports boto3 and signs; each program compiles; curl",
    ),
    Check(
        id="registration-starts-at-boot",
        sentence="An instance registers, connects, is watched and has a deadline by itself.",
        told_by="register, late, cache, agent, watch and the timer of the boot are enabled",
    ),
    Check(
        id="the-boot-has-an-order",
        sentence="It registers, takes what is late, mounts its cache, and only then takes builds.",
        told_by="After=, Before= and Requires= of the workhorse units and of Docker's",
    ),
    Check(
        id="a-failed-boot-powers-off",
        sentence="A boot that fails or hangs tells why, and the machine is off in bounded time.",
        told_by="limits and failure actions in the workhorse units",
    ),
    Check(
        id="caches-are-on-the-volume",
        sentence="Bazel, Maven, npm and git have their caches where the volume is mounted.",
        told_by="their settings; the directories below /mnt/cache and what makes them at boot",
    ),
    Check(
        id="units-are-sound",
        sentence="No fault is found in the workhorse units.",
        told_by="systemd-analyze verify, with warnings as errors",
    ),
    Check(
        id="the-clock-is-right",
        sentence="The clock is kept by Amazon's time service.",
        told_by="chrony is enabled and names 169.254.169.123",
    ),
    Check(
        id="nothing-updates-itself",
        sentence="A running agent changes nothing by itself: the image is replaced instead.",
        told_by="unattended-upgrades is absent, apt's timers are masked, Puppet is not enabled",
    ),
    Check(
        id="it-can-be-baked-upon",
        sentence="Puppet can be applied to the image again, as by a bake that starts from it.",
        told_by="puppet --version; the folders that Puppet does not make by itself",
    ),
    Check(
        id="no-identity-is-shared",
        sentence="Every instance makes its own host keys and machine id.",
        told_by="no ssh host keys, an empty machine-id, no random seed; the unit that makes keys",
    ),
    Check(
        id="no-secret-is-baked-in",
        sentence="The image knows no secret key, no token and no address of a controller.",
        told_by="no authorized_keys, private keys, AWS credentials, user data, local.env or lease",
    ),
    Check(
        id="no-trace-is-left",
        sentence="Nothing is left of the bake: no uploads, no logs, no brake on services.",
        told_by="the staging folder, logs, histories and policy-rc.d",
    ),
)
"""All checks of a pool's image."""
