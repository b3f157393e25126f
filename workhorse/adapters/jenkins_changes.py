"""What several of our conversations ask of Jenkins in the same way."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

import requests

from workhorse.adapters.jenkins_http import JenkinsHttp, json_of, require, require_queued, text_of
from workhorse.adapters.jenkins_paths import job_path, node_path
from workhorse.adapters.jenkins_wire import LABEL_TREE, labelled
from workhorse.core.errors import Missing

_NOT_FOUND = requests.codes.not_found


def has_node(http: JenkinsHttp, name: str) -> bool:
    """Some node carries that name as a label, as each carries its own; one small request.

    A node whose executors were taken away has no computer, and is found only so.

    Raises:
        Unreadable: no answer, or no sense.
    """
    answer = http.get(f"label/{quote(name, safe='')}/api/json", LABEL_TREE)
    return name in labelled(json_of(answer))


def edit_node(http: JenkinsHttp, node: str, edit: Callable[[str], str]) -> None:
    """Read a node's config.xml, edit it, write it where that changed it.

    Jenkins guards no write against one in between; the next reading shows a lost one.

    Raises:
        Missing: there is no such node.
        Surprise: Jenkins refuses or does not answer.
    """
    path = f"{node_path(node)}config.xml"
    answer = http.get(path)
    if answer.status_code == _NOT_FOUND:
        raise Missing(f"Jenkins has no node {node!r}")
    before = text_of(answer)
    after = edit(before)
    if after == before:
        return
    answer = http.post(path, xml=after)
    if answer.status_code == _NOT_FOUND:
        raise Missing(f"Jenkins has no node {node!r} any more")
    require(answer, requests.codes.ok)


def queue_build(http: JenkinsHttp, job: str, parameters: Mapping[str, str]) -> None:
    """Queue the job with these parameters; with none, as one without parameters.

    Raises:
        Missing: there is no such job.
        Surprise: Jenkins refuses or does not answer.
    """
    verb = "buildWithParameters" if parameters else "build"
    answer = http.post(f"{job_path(job)}{verb}", parameters)
    if answer.status_code == _NOT_FOUND:
        raise Missing(f"Jenkins has no job {job!r}")
    require_queued(answer)
