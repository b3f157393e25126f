"""The meters as Prometheus reads them."""

import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from workhorse.adapters.prometheus import Prometheus, exposition
from workhorse.core.errors import Refusal
from workhorse.core.meters import Meter

METERS = (
    Meter(name="QueueLength", value=3, unit="Count", pool="linux", label='a&&"b"\\c'),
    Meter(name="QueueLength", value=4, unit="Count", pool="linux"),
    Meter(name="OldestWait", value=1.5, unit="Seconds", pool="linux"),
)


def test_names_and_labels_are_those_that_prometheus_reads_back() -> None:
    read = {
        (sample.name, sample.labels["pool"], sample.labels["label"]): sample.value
        for family in text_string_to_metric_families(exposition(METERS))
        for sample in family.samples
    }
    assert read == {
        ("workhorse_queue_length", "linux", 'a&&"b"\\c'): 3,
        ("workhorse_queue_length", "linux", ""): 4,
        ("workhorse_oldest_wait_seconds", "linux", ""): 1.5,
    }


def test_what_is_told_by_kind_carries_the_kind_and_the_number_of_all_an_empty_one() -> None:
    told = exposition(
        (
            Meter(name="Disagreements", value=2, unit="Count", pool="linux"),
            Meter(name="Disagreements", value=2, unit="Count", pool="linux", kind="hung"),
        )
    )

    assert 'workhorse_disagreements{kind="",pool="linux"} 2.0' in told
    assert 'workhorse_disagreements{kind="hung",pool="linux"} 2.0' in told


def test_the_server_tells_the_newest_numbers_and_ends_when_told() -> None:
    with Prometheus("127.0.0.1", 0) as served:
        served.publish(METERS, at=1)
        served.publish(METERS[1:2], at=2)
        with urllib.request.urlopen(served.url, timeout=30) as answer:  # noqa: S310 - our own server
            text = answer.read().decode()
        assert 'workhorse_queue_length{label="",pool="linux"} 4.0' in text
        assert "oldest_wait" not in text
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(served.url, timeout=30)  # noqa: S310 - our own server


def test_an_address_that_is_taken_is_refused_by_name() -> None:
    with Prometheus("127.0.0.1", 0) as served:
        port = int(served.url.rsplit(":", 1)[1].removesuffix("/metrics"))
        with pytest.raises(Refusal, match=f"prometheus: 127.0.0.1:{port}"):
            Prometheus("127.0.0.1", port)
