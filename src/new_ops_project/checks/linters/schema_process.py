"""The process that compares values with schemas: JSON in, JSON out.

Its input lists pairs of a schema's name and a value; its output lists, for each pair, what the schema does not allow.
"""

import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

# jsonschema imports this to check the format of addresses, which takes a second, and no format is checked here.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from jsonschema import Draft7Validator, ValidationError  # noqa: E402 - see above

from new_ops_project.base.text import nearest  # noqa: E402 - see above

_FILES = {"workflow": "github-workflows.json", "action": "github-actions.json", "dependabot": "dependabot.json"}
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "boolean": "true or false",
    "null": "nothing",
    "integer": "a whole number",
}
_LONGEST = 100  # characters of a value in a message
_DEEP = 20_000  # calls; values may have 200 levels


def main() -> None:
    """Answer what stands in the input."""
    sys.setrecursionlimit(_DEEP)
    asked = json.load(sys.stdin)
    validators = {name: Draft7Validator(_schema(name)) for name in {name for name, _ in asked}}
    json.dump([[*_items(validators[name], value)] for name, value in asked], sys.stdout)


def _schema(name: str) -> Any:
    """The schema, its patterns as Python has them, where `$` also stands before a final line end."""
    spec = importlib.util.find_spec("check_jsonschema")
    (folder, *_) = (spec and spec.submodule_search_locations) or [""]
    path = Path(folder, "builtin_schemas", "vendor", _FILES[name])
    return json.loads(path.read_text("utf-8"), object_hook=_with_patterns)


def _with_patterns(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(pattern := schema.get("pattern"), str):
        schema["pattern"] = _strict(pattern)
    if isinstance(patterns := schema.get("patternProperties"), dict):
        schema["patternProperties"] = {_strict(pattern): value for pattern, value in patterns.items()}
    return schema


def _strict(pattern: str) -> str:
    return re.sub(r"(?<!\\)\$$", r"\\Z", pattern)


# ---- what is wrong --------------------------------------------------------------------------------------------------


def _items(validator: Draft7Validator, value: Any) -> Iterator[dict[str, Any]]:
    """What is wrong with a value, each with the keyword of the schema, the keys that lead there and a message."""
    for error in sorted(validator.iter_errors(value), key=lambda error: str(error.json_path)):
        for keyword, keys, message in dict.fromkeys(_problems(error, tuple(error.absolute_path))):
            yield {"keyword": keyword, "keys": keys, "message": message}


_Problem = tuple[str, tuple[str | int, ...], str]
_Branches = dict[Any, list[ValidationError]]


def _problems(error: ValidationError, keys: tuple[str | int, ...]) -> Iterator[_Problem]:
    """What is wrong at `keys`: for each key by itself where the schema is about keys."""
    keyword = str(error.validator)
    if error.context:
        yield from _of_branches(error, keys)
    elif unknown := _unknown_keys(error):
        for key in unknown:
            hint = nearest(key, [*error.schema.get("properties", ())])
            yield keyword, (*keys, key), f"The schema has no key `{_cut(key)}` here{_after(hint)}"
    elif keyword == "required":
        for key in _missing_keys(error):
            yield keyword, (*keys, key), f"The key `{key}` is missing."
    elif keyword == "dependencies":
        for key, others in error.validator_value.items():
            if key in error.instance and (missing := [other for other in others if other not in error.instance]):
                yield keyword, (*keys, key), f"The key `{key}` stands only beside {_listed(missing, 'and')}."
    else:
        yield keyword, keys, _sentence(keyword, error)


def _sentence(keyword: str, error: ValidationError) -> str:
    """What is wrong with a value as a whole."""
    value = error.validator_value
    if wanted := _wanted(error):
        return _not_one_of(error.instance, wanted)
    match keyword:
        case "enum" | "const":
            hint = nearest(str(error.instance), [str(each) for each in (value if keyword == "enum" else [value])])
            return f"The schema does not know the value {_shown(error.instance)} here{_after(hint)}"
        case "minItems" | "minProperties":
            return "There is nothing in it."
        case "oneOf" | "not":
            branches = value if keyword == "oneOf" else [value]
            names = {key for branch in branches for key in branch.get("required", ()) if key in error.instance}
            return f"Only one of the keys {_listed(sorted(names), 'and')} may be here."
    return f"The schema refuses this: {_cut(error.message)}."


def _after(hint: str) -> str:
    return f"; {hint}" if hint else "."


def _listed(names: Sequence[str], word: str) -> str:
    *first, last = [f"`{name}`" for name in names] or ["others"]
    return f"{', '.join(first)} {word} {last}" if first else last


def _of_branches(error: ValidationError, keys: tuple[str | int, ...]) -> Iterator[_Problem]:
    """The problems of the branch (`oneOf`, `anyOf`) that was most probably meant; of all, where each lacks one key."""
    branches = _branches(error)
    best = min(branches.values(), key=_distance)
    lacking = [_missing_keys(each) for errors in branches.values() for each in errors if not each.path]
    if all(len(errors) == 1 for errors in branches.values()) and lacking and all(map(len, lacking)):
        names = [key for missing in lacking for key in missing]
        yield "required", (*keys, names[0]), f"One of the keys {_listed(names, 'or')} is missing."
    elif _distance(best)[0]:  # none is for such a value
        wanted = [kind for errors in branches.values() for each in errors if not each.path for kind in _wanted(each)]
        yield "type", keys, _not_one_of(error.instance, wanted)
    else:
        for each in best:
            yield from _problems(each, (*keys, *each.path))


def _branches(error: ValidationError) -> _Branches:
    branches: _Branches = {}
    for each in error.context:
        branches.setdefault(each.schema_path[0], []).append(each)
    return branches


def _missing_keys(error: ValidationError) -> list[str]:
    """The keys that `required` lacks; [] for another error."""
    return [key for key in error.validator_value if key not in error.instance] if error.validator == "required" else []


def _distance(errors: Sequence[ValidationError]) -> tuple[bool, int, int]:
    """How far a value is from a branch with these errors: another type, problems of the value itself, all problems."""
    own = [error for error in errors if not error.path]
    nested = [min(map(_distance, _branches(error).values())) for error in own if error.context]
    is_other = any(_wanted(error) for error in own) or any(distance[0] for distance in nested)
    count = sum(distance[1] for distance in nested)
    count += sum(len(_unknown_keys(error)) or 1 for error in own if not error.context)
    return is_other, count, len(errors)


def _unknown_keys(error: ValidationError) -> list[str]:
    """The keys that `additionalProperties` does not allow; [] for another error."""
    if error.validator != "additionalProperties" or error.validator_value is not False:
        return []
    known, patterns = error.schema.get("properties", {}), error.schema.get("patternProperties", {})
    return [key for key in error.instance if key not in known and not any(re.search(each, key) for each in patterns)]


def _wanted(error: ValidationError) -> list[str]:
    """The kinds of values that were expected, if this is about the kind; [] otherwise."""
    if error.validator == "type":
        kinds = error.validator_value
        return [_KINDS.get(kind, f"a {kind}") for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    is_expression = error.validator == "pattern" and r"\$\{\{" in error.validator_value
    return ["an expression, `${{ ... }}`"] if is_expression and "${{" not in error.instance else []


def _not_one_of(value: Any, wanted: Sequence[str]) -> str:
    return f"The schema wants {' or '.join(dict.fromkeys(wanted))} here, not {_shown(value)}."


def _shown(value: Any) -> str:
    kinds = {dict: "a mapping", list: "a list", type(None): "nothing"}
    return kinds.get(type(value)) or f"`{_cut(value if isinstance(value, str) else json.dumps(value))}`"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


if __name__ == "__main__":
    main()
