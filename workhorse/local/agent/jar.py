"""Becoming a real Jenkins agent: agent.jar of the controller, over WebSocket."""

import os
from pathlib import Path

from workhorse.local.agent.boot import Machine, patiently

JAR = "jnlpJars/agent.jar"


def become(machine: Machine) -> None:
    """Replace this process by `java -jar agent.jar`, which connects, and reconnects, for good.

    The secret goes by a file that only we can read: a command line is seen by everybody.

    Raises:
        OSError: there is no java, or no place for the files.
    """
    home = Path(machine.settings.remote_directory, machine.name)
    home.mkdir(parents=True, exist_ok=True)
    secret = home / "secret"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(patiently(machine.register))
    jar = home / "agent.jar"
    jar.write_bytes(patiently(lambda: machine.registrar.download(JAR)))
    os.execvp("java", command(machine, jar, secret, home))  # noqa: S606 - no shell is wanted


def command(machine: Machine, jar: Path, secret: Path, home: Path) -> list[str]:
    """The command line of a real agent."""
    connection = ["-url", machine.settings.jenkins_url, "-name", machine.name, "-webSocket"]
    files = ["-secret", f"@{secret}", "-workDir", str(home)]
    return ["java", "-Xmx128m", "-jar", str(jar), *connection, *files]
