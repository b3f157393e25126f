"""The Jenkins jobs of a demo, as job XML. Pure.

The XML is what Jenkins itself writes for such jobs, without what it would default.
"""

from xml.sax.saxutils import escape

SECONDS = "SECONDS"
"""Build parameter: how long the build takes."""

ORDER = "ORDER"
"""Build parameter: a number of its own for each build, or Jenkins would fold two that are alike."""

RELEASE_PARAMETERS = ("GROUP", "HOOK", "INSTANCE")

_PARAMETER = """\
        <hudson.model.StringParameterDefinition>
          <name>{name}</name>
          <defaultValue>{value}</defaultValue>
        </hudson.model.StringParameterDefinition>
"""

_NODE = """\
        <org.jvnet.jenkins.plugins.nodelabelparameter.NodeParameterDefinition>
          <name>NODE</name>
          <description>the agent whose hook is completed</description>
          <allowedSlaves/>
          <defaultSlaves/>
          <triggerIfResult>allowMultiSelectionForConcurrentBuilds</triggerIfResult>
          <allowMultiNodeSelection>true</allowMultiNodeSelection>
          <triggerConcurrentBuilds>true</triggerConcurrentBuilds>
          <ignoreOfflineNodes>false</ignoreOfflineNodes>
          <nodeEligibility
            class="org.jvnet.jenkins.plugins.nodelabelparameter.node.AllNodeEligibility"/>
        </org.jvnet.jenkins.plugins.nodelabelparameter.NodeParameterDefinition>
"""

_JOB = """\
<project>
  <description>{description}</description>
  <keepDependencies>false</keepDependencies>
  <properties>
    <hudson.model.ParametersDefinitionProperty>
      <parameterDefinitions>
{parameters}      </parameterDefinitions>
    </hudson.model.ParametersDefinitionProperty>
  </properties>
{place}
  <disabled>false</disabled>
  <concurrentBuild>true</concurrentBuild>
  <builders>
    <hudson.tasks.Shell>
      <command>{command}</command>
    </hudson.tasks.Shell>
  </builders>
  <publishers/>
  <buildWrappers/>
</project>
"""


def sleeping_job(label: str) -> str:
    """A freestyle job that runs on agents of this label for SECONDS seconds."""
    return _JOB.format(
        description="replayed by the demo",
        parameters=_parameters(**{SECONDS: "1", ORDER: "0"}),
        place=(f"  <assignedNode>{escape(label)}</assignedNode>\n  <canRoam>false</canRoam>"),
        command=f"sleep ${SECONDS}",
    )


def release_job(command: str) -> str:
    """The job that completes a termination hook from the agent itself, pinned by NODE."""
    return _JOB.format(
        description="completes the termination hook of the agent it runs on",
        parameters=_NODE + _parameters(**dict.fromkeys(RELEASE_PARAMETERS, "")),
        place="  <canRoam>true</canRoam>",
        command=escape(command),
    )


def _parameters(**defaults: str) -> str:
    return "".join(_PARAMETER.format(name=name, value=value) for name, value in defaults.items())
