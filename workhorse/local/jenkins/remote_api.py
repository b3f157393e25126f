"""`.../api/json`: the one rendering that the stand-in knows; XML and Python are left out."""

from workhorse.local.jenkins import answers
from workhorse.local.jenkins.answers import Answer
from workhorse.local.jenkins.call import Call
from workhorse.local.jenkins.exporting import as_json, export
from workhorse.local.jenkins.objects import find
from workhorse.local.jenkins.tree import BadTreeError, Depth, Pruner, parse_tree


def answer(call: Call) -> Answer | None:
    """The answer to an API request, by any method; None when this is not one."""
    match call.segments:
        case (*path, "api", "json"):
            return _json(call, tuple(path))
        case (*path, "api", ""):
            found = find(call, tuple(path))
            return None if found is None else answers.page(200, "Remote API [Jenkins]")
        case ("crumbIssuer", "api", "xml") if "xpath" in call.values:
            crumb = call.security.crumb(call.user, call.session)
            return Answer(body=f"Jenkins-Crumb:{crumb}", content_type=answers.TEXT, themed=True)
        case _:
            return None


def _json(call: Call, path: tuple[str, ...]) -> Answer | None:
    bean = find(call, path)
    if bean is None:
        return None
    if "jsonp" in call.values:
        words = "jsonp forbidden; implement jenkins.security.SecureRequester"
        return answers.jetty(403, words, call.path)
    try:
        pruner = _pruner(call)
    except (BadTreeError, ValueError):
        return answers.oops()
    text = as_json(export(bean, pruner), pretty=call.value("pretty") == "true")
    return Answer(body=text, content_type=answers.JSON, themed=True)


def _pruner(call: Call) -> Pruner:
    if tree := call.value("tree"):
        return parse_tree(tree)
    return Depth(1 - int(call.value("depth", "0") or "0"))
