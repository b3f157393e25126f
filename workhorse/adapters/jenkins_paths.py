"""Paths below Jenkins' root: of jobs and nodes for requests, and as its answers tell them.

Each ends with a slash, as Jenkins' own do.
"""

from urllib.parse import quote


def job_path(name: str) -> str:
    """The path of a job or folder; `/` in its name goes down into folders, "" is the root."""
    parts = name.split("/") if name else ()
    return "".join(f"job/{quote(part, safe='')}/" for part in parts)


def node_path(name: str) -> str:
    """The path of a node's computer."""
    return f"computer/{quote(name, safe='')}/"


def path_of(url: str) -> str:
    """The path of a job or build below Jenkins' root, which may be known by several URLs."""
    if url.startswith("job/"):
        return url
    at = url.find("/job/")
    return url[at + 1 :] if at >= 0 else url
