"""Running a real Jenkins agent: agent.jar of the controller, over WebSocket."""

import os
import subprocess
from pathlib import Path

from workhorse.local.agent.boot import home, patiently
from workhorse.local.agent.http import ask
from workhorse.local.agent.place import Place, RegistrationError

JAR = "jnlpJars/agent.jar"

OK = 200


def run(place: Place) -> int:
    """Run `java -jar agent.jar`, which connects, and reconnects, for good; gives its status.

    The secret goes by a file that only we can read: a command line is seen by everybody.

    Raises:
        OSError: there is no java, or no place for the files.
        RegistrationError: Jenkins serves no agent.jar.
    """
    folder = home(place)
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "secret"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(place.secret)
    jar = folder / "agent.jar"
    jar.write_bytes(patiently(lambda: _downloaded(f"{place.jenkins_url}{JAR}")))
    with subprocess.Popen(command(place, jar, secret)) as java:
        try:
            return java.wait()
        finally:
            java.terminate()


def command(place: Place, jar: Path, secret: Path) -> list[str]:
    """The command line of a real agent."""
    connection = ["-url", place.jenkins_url, "-name", place.name, "-webSocket"]
    files = ["-secret", f"@{secret}", "-workDir", str(home(place))]
    return ["java", "-Xmx128m", "-jar", str(jar), *connection, *files]


def _downloaded(url: str) -> bytes:
    """The file there; anybody may have it."""
    answer = ask("GET", url)
    if answer.status != OK:
        raise RegistrationError(f"{url}: {answer.status}", status=answer.status)
    return answer.body
