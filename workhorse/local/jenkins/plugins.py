"""The plugins of a stand-in, and what becomes of a job's config.xml without them.

Jenkins drops elements of classes that it does not know without a word, which is why jobs are read
back after they were made. A job that is itself of an unknown class is refused.
"""

from xml.etree import ElementTree as ET

from workhorse.local.jenkins.exporting import Bean, Property

ELEMENTS = {
    "cloudbees-folder": ("com.cloudbees.hudson.plugins.folder.",),
    "elastic-axis": ("org.jenkinsci.plugins.elasticaxisplugin.",),
    "matrix-project": ("matrix-project", "hudson.matrix."),
    "nodelabelparameter": ("org.jvnet.jenkins.plugins.nodelabelparameter.",),
    "workflow-job": ("flow-definition",),
}
"""How the elements begin that each plugin brings."""

ALL = frozenset(ELEMENTS)

FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"


def loaded(root: ET.Element, installed: frozenset[str]) -> ET.Element:
    """What Jenkins makes of a document; raises KeyError where it cannot be made at all."""
    absent = tuple(start for name in ALL - installed for start in ELEMENTS[name])
    if not absent:
        return root
    if root.tag.startswith(absent):
        raise KeyError(root.tag)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.startswith(absent):
                parent.remove(child)
    return root


def manager_bean(installed: frozenset[str]) -> Bean:
    """The plugin manager in the remote API."""
    return Bean("hudson.LocalPluginManager", _MANAGER, installed)


_PLUGIN = (
    Property("active", lambda _: True, 2),
    Property("enabled", lambda _: True, 2),
    Property("shortName", lambda name: name, 2),
)
_MANAGER = (
    Property(
        "plugins",
        lambda found: [
            Bean("hudson.PluginWrapper", _PLUGIN, n, declared=True) for n in sorted(found)
        ],
    ),
)
