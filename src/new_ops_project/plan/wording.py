"""The nouns for what the verbs make, such as "promotion" for `promote`."""

_NOUNS = {"update": "update", "promote": "promotion", "adopt": "adoption", "check": "fix"}


def noun(verb: str, article: str = "") -> str:
    """The noun for what a verb makes, with an article if one is given (`a` or `the`): `an update`, `the promotion`."""
    name = _NOUNS.get(verb, verb)
    spelled = {"a": "an" if name[0] in "aeiou" else "a"}.get(article, article)
    return f"{spelled} {name}".strip()
