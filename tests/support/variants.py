"""The variants of a generated project that tests use."""

from dataclasses import dataclass
from pathlib import Path

from new_ops_project.template import releases, render, sources

TIERS = ("script", "library", "cli")
CLOUDS = ("none", "aws-oidc", "aws-keys", "gcp-oidc", "azure-oidc")
DEPENDENCIES = (
    "boto3",
    "click",
    "httpx",
    "jinja2",
    "kubernetes",
    "pyyaml",
    "requests",
    "rich",
    "structlog",
    "tenacity",
)


@dataclass(frozen=True)
class Variant:
    """One set of answers."""

    tier: str
    python: str
    cloud: str = "none"
    container: bool = False
    updates: str = "dependabot"
    license: str = "MIT"
    dependencies: tuple[str, ...] = ()

    def generate(self, into: Path) -> Path:
        """Generate the project in the folder `into`; return the folder."""
        checkout = releases.checkout(sources.find())
        answers = {
            "project_name": "Rotate Keys",
            "python_version": self.python,
            "tier": self.tier,
            "cloud": self.cloud,
            "container": self.container,
            "updates": self.updates,
            "license": self.license,
            "author_name": "Ada Ops",
            "author_email": "ada@example.org",
            "dependencies": list(self.dependencies),
        }
        render.render(checkout, answers, into)
        return into
