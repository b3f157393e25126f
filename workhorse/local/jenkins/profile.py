"""What differs between the two recorded cores, each difference under the name of its effect.

The bounds are those of the reference's version table; a version in between is placed by them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A core's version and how it behaves where versions differ."""

    version: str
    loses_assigned_items: bool
    """An item assigned to a node that goes offline before it starts is lost (before 2.517)."""
    xml_decides_offline: bool
    """A posted config.xml sets or clears temporarily offline (from 2.482)."""
    creates_from_xml: bool
    """`/computer/createItem` takes XML (from 2.539)."""
    item_has_page: bool
    """`/queue/item/N/` answers with text (from 2.469)."""
    unparameterized_status: int
    """Status of buildWithParameters on a job without parameters: 400 from 2.528, before 500."""
    disabled_page: bool
    """A build of a disabled job is refused with a themed page (before 2.528), not a plain one."""
    refuses_ghosts: bool
    """Taking a deleted node's computer offline fails (404 and 500) instead of passing."""
    tells_paths: bool
    """A redirect names its page without scheme and host, as Jetty 12 does (from 2.475)."""
    flaps_when_booting: bool
    """Good tokens are refused for a moment at the end of the boot."""
    node_parameter_needs_agents: bool
    """A node parameter's value is dropped while there are no agents (NodeLabel plugin 1.13)."""
    swarm_plugin: str
    remoting_minimum: str
    login_title: str


def profile(version: str) -> Profile:
    """The profile of a core version such as "2.541.2"; raises ValueError on other text."""
    try:
        major, minor = (int(part) for part in version.split(".")[:2])
    except ValueError:
        raise ValueError(f"version {version!r} is not MAJOR.MINOR[.PATCH]") from None
    at = (major, minor)
    return Profile(
        version=version,
        loses_assigned_items=at < (2, 517),
        xml_decides_offline=at >= (2, 482),
        creates_from_xml=at >= (2, 539),
        item_has_page=at >= (2, 469),
        unparameterized_status=400 if at >= (2, 528) else 500,
        disabled_page=at < (2, 528),
        refuses_ghosts=at >= (2, 517),
        tells_paths=at >= (2, 475),
        flaps_when_booting=at >= (2, 517),
        node_parameter_needs_agents=at < (2, 517),
        swarm_plugin="3.51" if at >= (2, 517) else "3.47",
        remoting_minimum="3107.v665000b_51092" if at >= (2, 507) else "4.13",
        login_title="Sign in - Jenkins" if at >= (2, 517) else "Sign in [Jenkins]",
    )
