"""The jobs of a rollout, run on Jenkins: a `loops.rollout_ports.Jobs`.

Level over edge: before a run is asked for, the queue and the newest builds are looked through for
one like it. A run that is over is no reason not to ask again; whoever asks knows whether it should.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import requests

from workhorse.adapters import jenkins_jobs_wire as wire
from workhorse.adapters.jenkins_changes import edit_node, queue_build
from workhorse.adapters.jenkins_http import JenkinsHttp, json_of, require, text_of
from workhorse.adapters.jenkins_paths import job_path, node_path
from workhorse.core.cordon import with_executors
from workhorse.core.errors import Missing, Surprise
from workhorse.core.job_config import with_nodes
from workhorse.core.jobs import JOB_TREE, NODE_PARAMETER, JobSpec, shortcomings
from workhorse.core.orders import JobRun

_NOT_FOUND = requests.codes.not_found
_CANCELLED = (requests.codes.no_content, _NOT_FOUND, requests.codes.server_error)
"""Now, long ago, or a moment ago; to a token that may not, Jenkins says 422."""


class JenkinsJobs:
    """Runs jobs of the Jenkins behind `http`."""

    def __init__(self, http: JenkinsHttp) -> None:
        self._http = http

    def run(self, job: str, parameters: Mapping[str, str]) -> None:
        """Queue the job; a run with the same parameters that is queued or runs is enough.

        Raises:
            Missing: there is no such job.
            Surprise: Jenkins refuses.
        """
        if any(not each.over for each in wire.including(self._runs(job), parameters)):
            return
        queue_build(self._http, job, parameters)

    def newest(self, job: str, parameters: Mapping[str, str]) -> JobRun | None:
        """The newest run of the job whose parameters include these; None when there is none.

        Raises:
            Missing: there is no such job, or none that the token may read.
        """
        found = next(iter(wire.including(self._runs(job), parameters)), None)
        return None if found is None else found.told()

    def run_matrix(self, job: str, nodes: Sequence[str], order: str) -> None:
        """Set each node to one executor, give the replace job these nodes, and queue it.

        A node that is no more is left out, and so is one that a queued or running run of the same
        order has already. A job with a Node parameter is queued once for each node.
        Runs that wait for a node that is no more would wait for ever: they are cancelled, also when
        no node is given.

        Raises:
            Missing: there is no such job.
            Surprise: another run still waits for its start and would lose its nodes; or Jenkins
                refuses, also to cancel.
        """
        queue = json_of(self._http.get("queue/api/json", wire.QUEUE_TREE))
        runs = self._runs(job, queue)
        self._cancel_lost(job, queue)
        pinned = self._definitions(job).get("NODE") == NODE_PARAMETER
        present = [node for node in nodes if self._alone(node)]
        asked = {node for each in _of_order(runs, order) for node in _nodes(each, present)}
        rest = [node for node in present if node not in asked]
        if pinned:
            for node in rest:
                queue_build(self._http, job, {"ORDER": order, "NODE": node})
        elif rest:
            self._queue_matrix(job, rest, order, runs)

    def faults(self, specs: Iterable[JobSpec]) -> tuple[str, ...]:
        """What these jobs lack on Jenkins to be what they shall be, a sentence each.

        Raises:
            Unreadable: Jenkins does not answer, or not about jobs.
        """
        found: list[str] = []
        for spec in specs:
            answer = self._http.get(f"{job_path(spec.name)}api/json", JOB_TREE)
            there = answer.status_code != _NOT_FOUND
            found += shortcomings(spec, json_of(answer) if there else None)
        return tuple(found)

    def _queue_matrix(
        self, job: str, nodes: Sequence[str], order: str, runs: Iterable[wire.Seen]
    ) -> None:
        """The axis is read when a run starts: one that has not yet must keep what it was given."""
        if waiting := next((each for each in runs if not each.path), None):
            raise Surprise(
                f"{job}: its run in queue item {waiting.item} has not started: its axis is not "
                "written anew before"
            )
        path = f"{job_path(job)}config.xml"
        answer = self._http.get(path)
        answer = self._http.post(path, xml=with_nodes(text_of(answer), nodes))
        require(answer, requests.codes.ok)
        queue_build(self._http, job, {"ORDER": order, "NODES": ",".join(nodes)})

    def _cancel_lost(self, job: str, queue: Mapping[str, Any]) -> None:
        """Such a child blocks its parent, which counts it as aborted once it is cancelled."""
        for item, node in wire.waiting_children(job, queue).items():
            answer = self._http.get(f"{node_path(node)}api/json", "displayName")
            if answer.status_code == _NOT_FOUND:
                answer = self._http.post(f"queue/cancelItem?id={item}")
                require(answer, *_CANCELLED)

    def _runs(self, job: str, queue: Mapping[str, Any] | None = None) -> tuple[wire.Seen, ...]:
        """The queue is read before the builds: so no run is in neither."""
        if queue is None:
            queue = json_of(self._http.get("queue/api/json", wire.QUEUE_TREE))
        answer = self._http.get(f"{job_path(job)}api/json", wire.BUILDS_TREE)
        if answer.status_code == _NOT_FOUND:
            raise Missing(f"Jenkins has no job {job!r}, or none that the token may read")
        return wire.runs(job, queue, json_of(answer))

    def _definitions(self, job: str) -> Mapping[str, str]:
        answer = self._http.get(f"{job_path(job)}api/json", wire.DEFINITIONS_TREE)
        return wire.definitions(job, json_of(answer))

    def _alone(self, node: str) -> bool:
        """Leave the node one executor; false when there is no such node."""
        try:
            edit_node(self._http, node, lambda config: with_executors(config, 1))
        except Missing:
            return False
        return True


def _of_order(runs: Iterable[wire.Seen], order: str) -> Iterable[wire.Seen]:
    return (each for each in wire.including(runs, {"ORDER": order}) if not each.over)


def _nodes(run: wire.Seen, present: Sequence[str]) -> Sequence[str]:
    """The nodes that a run was given; of one that does not tell, all of them."""
    told = run.parameters.get("NODE") or run.parameters.get("NODES")
    return told.split(",") if told else present
