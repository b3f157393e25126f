"""The text of a job's config.xml, from its template in `workhorse/jenkins_jobs`.

Every value is escaped for XML, and what a template names and nobody gives is an error.
"""

import re
import shlex
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError, select_autoescape

from workhorse.core.cordon import PREFIX as CORDON
from workhorse.core.errors import Misuse
from workhorse.core.job_config import ELASTIC_AXIS, LABEL_AXIS
from workhorse.core.jobs import AXIS, NOBODY, JobSpec

_EMPTY_LINES = re.compile(r"(?<=>)\n(?:[ \t]*\n)+")
"""Only after a tag: within a text every `>` is escaped."""


def rendered(spec: JobSpec) -> str:
    """The config.xml of a job as it shall be.

    Raises:
        Misuse: the template and we do not go together.
    """
    made = _environment()
    try:
        script = made.get_template(f"{spec.kind}.sh.j2").render(job=spec, cordon=CORDON)
        text = made.get_template(f"{spec.kind}.xml.j2").render(
            job=spec,
            script=script,
            axis=AXIS,
            nobody=NOBODY,
            label_axis=LABEL_AXIS,
            elastic_axis=ELASTIC_AXIS,
        )
    except TemplateError as wrong:
        raise Misuse(f"the templates of {spec.kind} jobs: {wrong}") from wrong
    return _EMPTY_LINES.sub("\n", text).strip() + "\n"


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("workhorse", "jenkins_jobs"),
        autoescape=select_autoescape(enabled_extensions=("xml.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["quoted"] = shlex.quote
    made.filters["combined"] = _combined
    return made


def _combined(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    return {**one, **other}
