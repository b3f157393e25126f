"""Jobs: what Jenkins drops from them, folders, and what a matrix gives to its children."""

from collections.abc import Iterator

import pytest

from tests.local.jenkins.behaviour_helpers import NEW, House, item_id, open_house
from tests.patience import eventually
from workhorse.local.jenkins.permissions import JOB_READ, READ, User
from workhorse.local.jenkins.plugins import ALL

NODE_PARAMETER = "NodeParameterDefinition"
ELASTIC = "org.jenkinsci.plugins.elasticaxisplugin.ElasticAxis"
STRING = "hudson.model.StringParameterDefinition"
FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"
OFF = "<disabled>true</disabled>"
DEFINITIONS = "property[_class,parameterDefinitions[name,type]]"


@pytest.fixture
def house() -> Iterator[House]:
    with open_house(NEW) as it:
        yield it


def without(house: House, *plugins: str) -> None:
    """Jenkins as if these plugins were not installed."""
    world = house.standin.server.controller.world
    world.plugins = ALL - set(plugins)


def matrix(axis: str, parameter: str = "") -> str:
    properties = (
        "<properties><hudson.model.ParametersDefinitionProperty><parameterDefinitions>"
        f"<{STRING}><name>{parameter}</name></{STRING}></parameterDefinitions>"
        "</hudson.model.ParametersDefinitionProperty></properties>"
    )
    return (
        f"<matrix-project>{properties if parameter else ''}<axes>{axis}</axes><builders>"
        "<hudson.tasks.Shell><command>sleep 60</command></hudson.tasks.Shell></builders>"
        "</matrix-project>"
    )


def elastic(label: str) -> str:
    online = "<ignoreOffline>true</ignoreOffline>"
    return f"<{ELASTIC}><name>label</name><label>{label}</label>{online}</{ELASTIC}>"


def combinations(house: House, job: str) -> set[str]:
    found = house.json(f"job/{job}/", "activeConfigurations[name]")["activeConfigurations"]
    return {each["name"] for each in found}


def test_a_parameter_of_a_plugin_that_is_missing_is_dropped_without_a_word(house: House) -> None:
    """9.1: the answer is 200, and the job has no parameters; its text is as it was posted."""
    without(house, "nodelabelparameter")
    house.job("pin", pinned=True)
    properties = house.json("job/pin/", DEFINITIONS)["property"]
    assert [d for each in properties for d in each.get("parameterDefinitions", ())] == []
    assert NODE_PARAMETER in house.get("job/pin/config.xml").text
    assert house.post("job/pin/buildWithParameters", {"NODE": "a"}).status_code == 400


def test_an_axis_of_a_plugin_that_is_missing_is_dropped_too(house: House) -> None:
    house.agent("a", label="pool")
    without(house, "elastic-axis")
    house.do("createItem?name=m", matrix(elastic("pool")))
    assert combinations(house, "m") == set()


def test_a_job_of_a_missing_plugin_is_refused(house: House) -> None:
    without(house, "matrix-project")
    assert house.post("createItem?name=m", matrix("")).status_code == 500
    assert house.status("job/m/") == 404


def test_installed_plugins_are_told_to_administrators_only(house: House) -> None:
    without(house, "elastic-axis")
    told = house.json("pluginManager/", "plugins[shortName,active]")["plugins"]
    names = {each["shortName"] for each in told if each["active"]}
    assert names == ALL - {"elastic-axis"}
    reader = User(name="reader", token="11" + "1" * 32, permissions=frozenset({READ, JOB_READ}))
    house.standin.add_user(reader)
    assert house.get("pluginManager/api/json", user=reader).status_code == 403


def test_a_job_in_a_folder_is_found_built_and_changed_there(house: House) -> None:
    house.do("createItem?name=team", f"<{FOLDER}/>")
    house.do("job/team/createItem?name=deep", f"<{FOLDER}/>")
    shell = "<hudson.tasks.Shell><command>sleep 1</command></hudson.tasks.Shell>"
    document = f"<project><builders>{shell}</builders></project>"
    path = "job/team/job/deep/job/smoke"
    house.do("job/team/job/deep/createItem?name=smoke", document)
    house.agent("a")
    item = item_id(house.do(f"{path}/build", {"delay": "0sec"}))
    house.advance(10)
    told = house.json(f"{path}/", "name,fullName,url,builds[number,result]")
    assert (told["name"], told["fullName"]) == ("smoke", "team/deep/smoke")
    assert told["url"].endswith(f"/{path}/")
    assert [each["result"] for each in told["builds"]] == ["SUCCESS"]
    assert house.item(item)["executable"]["url"].endswith(f"/{path}/1/")
    house.do(f"{path}/config.xml", document.replace("<builders>", f"{OFF}<builders>"))
    assert house.json(f"{path}/", "buildable")["buildable"] is False


def test_a_folder_lists_what_is_in_it_and_the_root_lists_the_folder(house: House) -> None:
    house.do("createItem?name=team", f"<{FOLDER}/>")
    house.job("outside")
    house.do("job/team/createItem?name=inside", "<project/>")
    assert [each["name"] for each in house.json("", "jobs[name]")["jobs"]] == ["outside", "team"]
    assert [each["name"] for each in house.json("job/team/", "jobs[name]")["jobs"]] == ["inside"]
    assert house.post("createItem?name=team", "<project/>").status_code == 400
    assert house.post("job/nowhere/createItem?name=a", "<project/>").status_code == 404


def test_an_elastic_axis_has_the_online_nodes_of_its_labels_at_the_start(house: House) -> None:
    house.agent("a")
    house.agent("b")
    house.agent("c")
    house.do("createItem?name=m", matrix(elastic("a, b,nowhere")))
    house.standin.kill_agent("b")
    assert combinations(house, "m") == {"label=a"}
    house.build("m")
    house.advance(120)
    assert house.result("m") == "SUCCESS"
    assert [run["builtOn"] for run in house.json("job/m/1/", "runs[builtOn]")["runs"]] == ["a"]


def test_a_child_has_its_parents_parameters_and_its_own_value_of_the_axis(house: House) -> None:
    agent = house.linked_agent("a")
    axis = "<hudson.matrix.LabelAxis><name>label</name><values><string>a</string></values>"
    document = matrix(f"{axis}</hudson.matrix.LabelAxis>", parameter="ORDER")
    house.do("createItem?name=m", document.replace("sleep 60", "leave $ORDER"))
    house.build("m", ORDER="7")
    house.advance(1)
    eventually(lambda: "m/label=a#1" in agent.started)
    start = agent.started["m/label=a#1"]
    assert {
        k: start.environment[k] for k in ("ORDER", "label", "EXECUTOR_NUMBER", "NODE_NAME")
    } == {
        "ORDER": "7",
        "label": "a",
        "EXECUTOR_NUMBER": "0",
        "NODE_NAME": "a",
    }
    assert start.command == "leave $ORDER"


def test_the_one_executor_that_is_left_of_idle_ones_has_the_number_0(house: House) -> None:
    """A run may tell by its EXECUTOR_NUMBER that it is not alone."""
    house.agent("a", executors=3)
    house.change("a", numExecutors="1")
    assert [each["number"] for each in house.computer("a")["executors"]] == [0]
