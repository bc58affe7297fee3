"""The list of steps from nothing to a clone that is ready for work."""

from new_ops_project.clones.step import Step
from new_ops_project.clones.steps import environment, machine, repository

ENVIRONMENT = Step("environment", "DOC106", environment.look_environment, environment.make_environment)
LOCK = Step("lock", "DOC107", environment.look_lock)
PACKAGES = Step("packages", "DOC108", environment.look_packages, environment.install_packages)
PROJECT = Step("project", "DOC109", environment.look_project, environment.install_project)
HOOKS = Step("hooks", "DOC110", repository.look_hooks, repository.install_hooks, failed="left out")
CHECK = Step("check", "", machine.look_check, machine.run_check, failed="failed")

# In the order in which a person would fix them.
STEPS = (
    Step("git", "DOC101", repository.look_git),
    Step("identity", "DOC102", repository.look_identity),
    Step("remote", "DOC103", repository.look_remote),
    Step("template", "DOC104", repository.look_template),
    Step("python", "DOC105", environment.look_python),
    ENVIRONMENT,
    LOCK,
    PACKAGES,
    PROJECT,
    HOOKS,
    Step("variables", "DOC111", machine.look_variables),
    Step("disk", "DOC112", machine.look_disk),
    CHECK,
)
