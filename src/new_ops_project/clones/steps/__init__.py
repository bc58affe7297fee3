"""The list of steps from nothing to a clone that is ready for work."""

from new_ops_project.clones.step import SetupStep
from new_ops_project.clones.steps import environment, machine, repository

ENVIRONMENT = SetupStep("environment", "DOC106", environment.look_environment, environment.make_environment)
LOCK = SetupStep("lock", "DOC107", environment.look_lock)
PACKAGES = SetupStep("packages", "DOC108", environment.look_packages, environment.install_packages)
PROJECT = SetupStep("project", "DOC109", environment.look_project, environment.install_project)
HOOKS = SetupStep("hooks", "DOC110", repository.look_hooks, repository.install_hooks, failed="left out")
CHECK = SetupStep("check", "", machine.look_check, machine.run_check, failed="failed")

# In the order in which a person would fix them.
STEPS = (
    SetupStep("git", "DOC101", repository.look_git),
    SetupStep("identity", "DOC102", repository.look_identity),
    SetupStep("remote", "DOC103", repository.look_remote),
    SetupStep("template", "DOC104", repository.look_template),
    SetupStep("python", "DOC105", environment.look_python),
    ENVIRONMENT,
    LOCK,
    PACKAGES,
    PROJECT,
    HOOKS,
    SetupStep("variables", "DOC111", machine.look_variables),
    SetupStep("disk", "DOC112", machine.look_disk),
    CHECK,
)
