"""A detector that detect-secrets loads from this file: the forms that are newer than its last release."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class NewerTokenDetector(RegexBasedDetector):
    """Fine-grained tokens of GitHub, tokens of Vault and Docker, client secrets of Azure."""

    secret_type = "Token of GitHub, Vault, Docker or Azure"  # noqa: S105 - the name of a kind
    denylist = (
        re.compile(r"github_pat_[A-Za-z0-9_]{82}"),
        re.compile(r"hvs\.[A-Za-z0-9_-]{90,120}"),
        re.compile(r"dckr_pat_[A-Za-z0-9_-]{27}"),
        re.compile(r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}"),
    )
