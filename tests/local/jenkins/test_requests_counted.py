"""The stand-in tells how much it was asked: what a real Jenkins would have had to do."""

import requests

from tests.local.jenkins.behaviour_helpers import NEW, open_house


def test_requests_are_counted_by_what_they_ask_and_not_by_whom_they_are_about() -> None:
    with open_house(NEW) as house:
        root = house.standin.url
        told = f"{root}_local/requests"
        before = requests.get(told, timeout=10).json()
        for node in ("a", "b"):
            requests.get(f"{root}computer/{node}/jenkins-agent.jnlp", timeout=10)
        requests.get(f"{root}computer/a/api/json?depth=1", timeout=10)
        requests.post(f"{root}computer/doCreateItem", timeout=10)
        after = requests.get(told, timeout=10).json()
    assert {key: n - before.get(key, 0) for key, n in after.items() if n != before.get(key, 0)} == {
        "GET jenkins-agent.jnlp": 2,
        "GET api/json": 1,
        "POST doCreateItem": 1,
    }
