"""The settings file: what is accepted, and that every fault is told at once."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from workhorse.core.errors import Refusal
from workhorse.core.model import Policy, Pool, Release, Scaling
from workhorse.settings import load, parse, policy_from_json, reference
from workhorse.settings.pools import PolicySettings

LEAST = """
[jenkins]
url = "https://jenkins.example.com/ci/"
user = "workhorse"
token_file = "/run/secrets/jenkins-token"
[aws]
region = "eu-west-1"
[journal]
path = "journal.jsonl"
"""
POOL = """
[[pool]]
name = "linux"
labels = ["linux", "docker"]
ceiling = 10
group = "workhorse-linux"
"""
BY_PARAMETER = """
[[pool]]
policy_parameter = "/workhorse/pools/windows"
group = "workhorse-windows"
"""
WINDOWS = json.dumps({"name": "windows", "labels": ["windows"], "ceiling": 4, "release": "job"})


def faults(text: str) -> list[str]:
    """The lines of the refusal, without its first."""
    with pytest.raises(Refusal) as refused:
        parse(text)
    return str(refused.value).splitlines()[1:]


def test_a_short_file_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "workhorse.toml"
    file.write_text(LEAST + POOL)
    settings = load(file)
    assert settings.loop.tick_seconds == 10
    assert settings.metrics.namespace == "workhorse"
    policy = Policy(name="linux", labels=frozenset({"linux", "docker"}), ceiling=10)
    assert settings.pools(lambda _: "") == (Pool(policy=policy, group="workhorse-linux"),)


def test_every_key_of_a_pool_arrives() -> None:
    text = """executors = 2
        floor = 1
        buffer = 1
        idle_seconds = 2.5
        cool_down_seconds = 3
        max_step = 4
        boot_seconds = 5
        settle_seconds = 6
        scale_in = false
        release = "job"
        queue_url = "https://sqs.eu-west-1.amazonaws.com/1/q"
        scaling = "alarms"
        release_job = "ops/release"
        exclusive = true
        """
    (pool,) = parse(LEAST + POOL + text).pools(lambda _: "")
    assert pool == Pool(
        policy=Policy(
            name="linux",
            labels=frozenset({"linux", "docker"}),
            ceiling=10,
            executors=2,
            floor=1,
            buffer=1,
            idle_seconds=2.5,
            cool_down_seconds=3,
            max_step=4,
            boot_seconds=5,
            settle_seconds=6,
            scale_in=False,
            release=Release.JOB,
        ),
        group="workhorse-linux",
        queue_url="https://sqs.eu-west-1.amazonaws.com/1/q",
        scaling=Scaling.ALARMS,
        release_job="ops/release",
        exclusive=True,
    )


def test_a_pool_may_have_its_numbers_in_a_parameter() -> None:
    settings = parse(LEAST + POOL + BY_PARAMETER)
    asked: list[str] = []

    def parameter(name: str) -> str:
        asked.append(name)
        return WINDOWS

    _, windows = settings.pools(parameter)
    assert asked == ["/workhorse/pools/windows"]
    assert windows.group == "workhorse-windows"
    assert windows.policy == policy_from_json(WINDOWS)
    assert windows.policy.release is Release.JOB


def test_what_a_parameter_holds_must_go_with_the_rest() -> None:
    settings = parse(LEAST + '[loop]\ndefault_pool = "mac"' + POOL + BY_PARAMETER)
    with pytest.raises(Refusal, match=r'pool\[\].name: "linux": must be of one pool') as refused:
        settings.pools(lambda _: WINDOWS.replace('"windows"', '"linux"', 1))
    assert 'loop.default_pool: "mac": must be the name of a pool (linux)' in str(refused.value)


def test_every_fault_is_told_at_once_with_key_value_and_rule() -> None:
    text = """
        [jenkins]
        url = "jenkins"
        token_file = "a"
        token_secret = "b"
        crumb = true
        [loop]
        tick_seconds = 0.5
        stale_seconds = 0.1
        clock = "1:2"
        default_pool = "mac"
        [journal]
        path = ""
        [metrics]
        resolution_seconds = 10
        namespace = "AWS/EC2"
        prometheus = "9108"
        [[pool]]
        name = "A b"
        labels = ["x", "x"]
        floor = 5
        ceiling = 3
        settle_seconds = 1
        group = "g"
        release = "human"
        [[pool]]
        name = "ok"
        labels = ["a b"]
        ceiling = 3
        buffer = 4
        group = "g"
        [[pool]]
        policy_parameter = "pools"
        floor = 1
        """
    assert faults(text) == [
        "jenkins.url: \"jenkins\": must match pattern '^https?://[^/?#]+(/[^?#]*)?$'",
        "jenkins.user: (missing): is required",
        (
            'jenkins.token_secret: "b": exactly one of token_file, token_parameter, token_secret '
            "is required, not token_file and token_secret"
        ),
        "jenkins.crumb: true: is no setting here",
        "aws: (missing): is required",
        "loop.glance_seconds: 1: must be at most tick_seconds (0.5)",
        "loop.stale_seconds: 0.1: must be at least tick_seconds (0.5)",
        'loop.clock: "1:2": must be ORIGIN:REAL0:SPEED, three numbers above 0',
        'journal.path: "": must have at least 1 character',
        'metrics.namespace: "AWS/EC2": must not begin with AWS/, which AWS keeps for itself',
        "metrics.prometheus: \"9108\": must match pattern '^([^:\\s]+:[0-9]{1,5})?$'",
        "pool[0].name: \"A b\": must match pattern '^[a-z][a-z0-9-]{0,31}$'",
        'pool[0].labels: ["x", "x"]: must name each label once, not x again',
        "pool[0].ceiling: 3: must be at least floor (5)",
        "pool[0].settle_seconds: 1: must be greater than or equal to 5",
        "pool[0].release: \"human\": must be 'controller' or 'job'",
        "pool[1].labels: [\"a b\"]: must have no space, comma, quote or ( ) & | ! < > = in 'a b'",
        "pool[1].buffer: 4: must be at most ceiling (3)",
        "pool[2].group: (missing): is required",
        "pool[2].policy_parameter: \"pools\": must match pattern '^/'",
        "pool[2].floor: 1: is no setting here",
        'pool[].group: "g": must be of one pool, not of 2',
        (
            "loop.publish_seconds: 60: must be at most metrics.resolution_seconds (10), or "
            "CloudWatch has periods without data"
        ),
    ]


@pytest.mark.parametrize(("section", "key"), [("metrics", "prometheus"), ("gateway", "listen")])
def test_a_port_beyond_the_last_is_refused(section: str, key: str) -> None:
    text = f'{LEAST}[{section}]\n{key} = "127.0.0.1:%s"\n{POOL}'
    rule = f'{section}.{key}: "127.0.0.1:65536": must have a port of at most 65535'

    assert rule in faults(text % 65536)


def test_an_unknown_default_pool_is_told_with_the_ones_known() -> None:
    assert faults(LEAST + '[loop]\ndefault_pool = "mac"' + POOL) == [
        'loop.default_pool: "mac": must be the name of a pool (linux)'
    ]


def test_a_number_is_no_text_and_a_switch_no_number() -> None:
    text = 'floor = "1"\nmax_step = true\nscale_in = 0\nidle_seconds = "60"'
    assert faults(LEAST + POOL + text) == [
        'pool[0].floor: "1": must be a valid integer',
        'pool[0].idle_seconds: "60": must be a valid number',
        "pool[0].max_step: true: must be a valid integer",
        "pool[0].scale_in: 0: must be a valid boolean",
    ]


NUMBERS = re.findall(r"^\| `([^`]+)` \| number", reference(), re.MULTILINE)


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("number", ["nan", "inf"])
def test_a_number_that_is_none_or_has_no_end_is_refused(key: str, number: str) -> None:
    """With `stale_seconds = inf` any reading would be believed, however old."""
    section, _, name = key.replace("[]", "").rpartition(".")
    table = f"[[{section}]]" if section.endswith("budgets") else f"[{section}]"
    line = f"{name} = {number}\n"
    text = LEAST + POOL + (line if section == "pool" else f"{table}\n{line}")

    assert any(name in fault for fault in faults(text))


def test_no_pool_at_all_is_a_fault() -> None:
    assert faults(LEAST) == ["pool: (missing): at least one [[pool]] is required"]


@pytest.mark.parametrize(
    ("text", "rule"), [("[jenkins", "is no TOML"), (None, "cannot be read"), (b"\xff", "read")]
)
def test_a_file_that_is_none_is_refused_by_its_name(
    tmp_path: Path, text: str | bytes | None, rule: str
) -> None:
    file = tmp_path / "workhorse.toml"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Refusal, match=f"workhorse.toml: .*{rule}"):
        load(file)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "policy: is no JSON"),
        ("[]", "policy"),
        ('{"name": "x", "labels": [], "ceiling": 1}', r"policy.labels: \[\]: must have at least 1"),
        ('{"name": "x", "labels": ["a"], "ceiling": 1.5}', "policy.ceiling: 1.5"),
    ],
)
def test_a_policy_that_breaks_a_rule_is_refused(text: str, rule: str) -> None:
    with pytest.raises(Refusal, match=rule):
        policy_from_json(text)


def test_the_keys_and_defaults_of_a_policy_are_those_of_the_core() -> None:
    required = {"name": "x", "labels": ["a"], "ceiling": 1}
    told = policy_from_json(json.dumps(required))
    assert told == Policy(name="x", labels=frozenset({"a"}), ceiling=1)
    assert set(PolicySettings.model_fields) == {field.name for field in dataclasses.fields(Policy)}


def test_the_reference_tells_the_meaning_of_every_setting() -> None:
    table = reference()
    for line in table.splitlines()[2:]:
        _, key, kind, default, meaning, _ = (cell.strip() for cell in line.split("|"))
        assert key, line
        assert kind, line
        assert default, line
        assert meaning not in {"", "None"}, line
    for key in ("jenkins.url", "loop.blind_step", "pool[].ceiling", "pool[].policy_parameter"):
        assert f"`{key}`" in table


def test_a_store_is_not_where_aws_keeps_parameters_of_its_own() -> None:
    """SSM would refuse it at the first write.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    for prefix in ("/aws/ours", "/ssm"):
        told = faults(f'{LEAST}{POOL}[store]\nprefix = "{prefix}"\n')
        assert [line for line in told if line.startswith("store.prefix")], told
    parse(f'{LEAST}{POOL}[store]\nprefix = "/team/aws"\n')
