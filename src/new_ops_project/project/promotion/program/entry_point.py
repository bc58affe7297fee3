"""The entry point of a program: the function that does everything that running the file does."""

import ast
from collections.abc import Callable

from new_ops_project.project.promotion.program.import_effects import (
    SETUP,
    Module,
    calls,
    is_guard,
    is_harmless,
    is_harmless_call,
    runs_at,
)
from new_ops_project.project.promotion.program.names import (
    Function,
    block_nodes,
    bound_names,
    dotted,
    imported_modules,
    string_value,
)


def is_command(name: str, module: Module) -> bool:
    """Whether a name at the top level is a command, a group or an app of click or typer."""
    if name in module.functions:
        decorators = [it.func if isinstance(it, ast.Call) else it for it in module.functions[name].decorator_list]
        return any(_makes_command(decorator, module) for decorator in decorators)
    value = module.values.get(name)
    return isinstance(value, ast.Call) and dotted(value.func, module.known) in _APPS


_CLICKS = ("click", "rich_click", "asyncclick")
_APPS = {"typer.Typer", *(f"{top}.{name}" for top in _CLICKS for name in ("Group", "Command", "CommandCollection"))}


def _makes_command(decorator: ast.expr, module: Module) -> bool:
    name = dotted(decorator, module.known)
    before, _, last = name.rpartition(".")
    if last not in {"command", "group", "callback"}:
        return False
    return before in _CLICKS or (before in {*module.functions, *module.values} and is_command(before, module))


# The function


# After the promotion, the installed command runs `sys.exit(function())`, and the module has another `__name__`. So the
# function is an entry point only if neither makes a difference: the file ends in a guard that calls this function and
# does nothing else, importing the file has no effect, the result is not an exit code by accident, and nothing shows the
# name `__main__` (in log lines, for example).


def entry(module: Module, exists: Callable[[str], bool]) -> str:
    """The function for which `sys.exit(function())` does the same as running the file; '' if there is none.

    `exists` says whether git tracks a path, relative to the file's folder.
    """
    body = module.tree.body
    if not body or not is_guard(body[-1]) or runs_at(module) or _shows_its_name(module, exists):
        return ""
    guard = body[-1]
    if not isinstance(guard, ast.If) or guard.orelse or len(guard.body) != 1:
        return ""
    call, is_result = _called(guard.body[0], module)
    if call is None or call.args or call.keywords or not isinstance(call.func, ast.Name):
        return ""
    name = call.func.id
    return name if _is_constant(name, module) and _exits_the_same(name, module, is_result=is_result) else ""


def _called(node: ast.stmt, module: Module) -> tuple[ast.Call | None, bool]:
    """The call that a statement is, and whether its result is the exit code."""
    value = node.exc if isinstance(node, ast.Raise) and not node.cause else getattr(node, "value", None)
    if not isinstance(value, ast.Call) or not isinstance(node, (ast.Raise, ast.Expr)):
        return None, False
    names = {"SystemExit"} if isinstance(node, ast.Raise) else {"sys.exit", "exit", "quit"}
    if dotted(value.func, module.known) not in names:
        return (None if isinstance(node, ast.Raise) else value), False
    is_plain = len(value.args) == 1 and not value.keywords and isinstance(value.args[0], ast.Call)
    is_theirs = isinstance(value.func, ast.Name) and _times(value.func.id, module) > (value.func.id in module.known)
    return (value.args[0] if is_plain and not is_theirs else None), True  # type: ignore[return-value]


def _times(name: str, module: Module) -> int:
    """How often a name is bound at the top level; a `global` counts as well."""
    bound = [it for node in block_nodes(module.tree.body) for it in bound_names(node)]
    declared_global = [it for node in ast.walk(module.tree) if isinstance(node, ast.Global) for it in node.names]
    return bound.count(name) + declared_global.count(name)


def _is_constant(name: str, module: Module) -> bool:
    """Whether the top level of the file binds a name once, so that it always stands for the same."""
    return (name in module.functions or name in module.values) and _times(name, module) == 1


def _exits_the_same(name: str, module: Module, *, is_result: bool) -> bool:
    """Whether a call without arguments works, and its result as the exit code changes nothing."""
    if is_command(name, module):
        return True
    function = module.functions.get(name)
    if function is None or isinstance(function, ast.AsyncFunctionDef) or _requires_arguments(function):
        return False
    nodes = list(block_nodes(function.body))
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in nodes):
        return False
    if is_result:
        return True
    results = [node.value for node in nodes if isinstance(node, ast.Return) and node.value]
    return not function.decorator_list and all(isinstance(it, ast.Constant) and it.value is None for it in results)


def _requires_arguments(function: Function) -> bool:
    args = function.args
    required = len(args.posonlyargs) + len(args.args) - len(args.defaults)
    return required > 0 or any(default is None for default in args.kw_defaults)


# The name of the module


def _shows_its_name(module: Module, exists: Callable[[str], bool]) -> bool:
    """Whether the file may behave differently under another `__name__`; yes in case of doubt."""
    nodes = list(ast.walk(module.tree))
    loggers = [it for it in nodes if isinstance(it, ast.Call) and _is_own_logger(it, module)]
    names = [it for it in nodes if isinstance(it, ast.Name) and it.id == "__name__"]
    strings = [it.value for it in nodes if isinstance(it, ast.Constant) and isinstance(it.value, str)]
    if len(names) > 1 + len(loggers) or strings.count("__main__") > 1 or "__name__" in strings:
        return True
    if any(isinstance(it, ast.Name) and it.id in {"__package__", "__spec__", "__loader__"} for it in nodes):
        return True
    if any(isinstance(it, ast.Attribute) and _is_telling(it, module) for it in nodes):
        return True
    return bool(loggers) and _shows_loggers(module, nodes, strings, exists)


def _is_own_logger(call: ast.Call, module: Module) -> bool:
    is_name = len(call.args) == 1 and isinstance(call.args[0], ast.Name) and call.args[0].id == "__name__"
    return is_name and dotted(call.func, module.known) == "logging.getLogger"


def _is_telling(node: ast.Attribute, module: Module) -> bool:
    return node.attr == "__module__" or dotted(node, module.known) in {"sys.modules", "inspect.getmodule"}


_LOGGERS = {"rich", "structlog", "loguru", "coloredlogs", "pythonjsonlogger", "colorlog", "logbook", "sentry_sdk"}
_RECORDS = {"record", "rec", "log_record", "logrecord"}


def _shows_loggers(module: Module, nodes: list[ast.AST], strings: list[str], exists: Callable[[str], bool]) -> bool:
    """Whether log lines may have the name of their logger, which is `__name__`."""
    names = imported_modules(module.tree)
    if _LOGGERS & set(names) or any(exists(name) or exists(f"{name}.py") for name in names):
        return True
    if any(sign in string for string in strings for sign in ("%(name)", "{name", "$name", "${name")):
        return True
    if any(isinstance(it, ast.Attribute) and it.attr == "name" and name_of(it.value) in _RECORDS for it in nodes):
        return True
    all_calls = [it for it in nodes if isinstance(it, ast.Call)]
    return _shows_fields(nodes, all_calls) or _has_default_format(module, all_calls)


def name_of(node: ast.expr) -> str:
    """The identifier that an expression is; '' for any other expression."""
    return node.id if isinstance(node, ast.Name) else ""


def _shows_fields(nodes: list[ast.AST], all_calls: list[ast.Call]) -> bool:
    """Whether all fields of a log record may be shown, its name among them (`record.__dict__`)."""
    is_whole = any(isinstance(it, ast.Attribute) and it.attr == "__dict__" for it in nodes)
    if not is_whole and not any(name_of(it.func) == "vars" for it in all_calls):
        return False
    is_filtered = any(isinstance(it, ast.Attribute) and it.attr == "makeLogRecord" for it in nodes)
    lists = [it.elts for it in nodes if isinstance(it, (ast.Set, ast.List, ast.Tuple))]
    return not is_filtered and not any(string_value(item) == "name" for items in lists for item in items)


_ROOT = {f"logging.{name}" for name in ("debug", "info", "warning", "error", "critical", "exception", "log")}


def _has_default_format(module: Module, all_calls: list[ast.Call]) -> bool:
    """Whether log lines may have logging's default format, which contains the logger's name."""
    names = {dotted(it.func, module.known) for it in all_calls}
    configs = [it for it in all_calls if dotted(it.func, module.known) == "logging.basicConfig"]
    if names & {"logging.config.dictConfig", "logging.config.fileConfig"} or (names & _ROOT and not configs):
        return True
    is_formatted = any(isinstance(it.func, ast.Attribute) and it.func.attr == "setFormatter" for it in all_calls)
    enough = {"format", "handlers"} if is_formatted else {"format"}
    return any(not enough & {keyword.arg for keyword in it.keywords} for it in configs)


# Arguments


# The smoke test of a promoted program runs it with --help. That is only safe if nothing with an effect comes before the
# arguments are parsed, so `_leads` follows the statements in the order in which Python runs them.


def offers_help(module: Module) -> bool:
    """Whether running the file parses its arguments, --help among them, before it does anything else."""
    imported = {name.split(".", maxsplit=1)[0] for name in module.known.values()}
    return bool(imported & _PARSERS) and not _lacks_help(module) and _leads(module.tree.body, module, ()) is True


_PARSERS = {*_CLICKS, "argparse", "typer", "docopt", "fire", "optparse"}
_PARSES = {"docopt.docopt", "fire.Fire", "typer.run"}
_PARSING = {"parse_args", "parse_known_args", "parse_intermixed_args"}


def _lacks_help(module: Module) -> bool:
    nodes = list(ast.walk(module.tree))
    strings = {it.value for it in nodes if isinstance(it, ast.Constant)}
    switches = [it for it in nodes if isinstance(it, ast.keyword) and it.arg in {"add_help", "add_help_option"}]
    is_off = any(isinstance(it.value, ast.Constant) and it.value.value is False for it in switches)
    return is_off or ("help_option_names" in strings and "--help" not in strings)


def _leads(body: list[ast.stmt], module: Module, within: tuple[str, ...]) -> bool | None:
    """What these statements do first: True for parsing arguments, False for something else, None for neither.

    `within` are the functions that are being followed, so that a recursion ends.
    """
    results = (_leads_statement(node, module, within) for node in body)
    return next((result for result in results if result is not None), None)


def _leads_statement(node: ast.stmt, module: Module, within: tuple[str, ...]) -> bool | None:
    if isinstance(node, ast.If) and is_guard(node):
        return _leads(node.body, module, within)
    if is_harmless(node, module) or _is_for_no_arguments(node):
        return None
    if isinstance(node, (ast.Try, ast.For)):
        before = _leads_call(node.iter, module, within) if isinstance(node, ast.For) else None
        return _leads(node.body, module, within) if before is None else before
    if isinstance(node, (ast.If, ast.While, ast.With, ast.AsyncWith, ast.AsyncFor, ast.Match)):
        return isinstance(node, ast.If) and _leads_call(node.test, module, within) is True
    result = _leads_call(node, module, within)
    return False if result is None and (isinstance(node, ast.Raise) or _may_fail(node, module)) else result


def _is_for_no_arguments(node: ast.stmt) -> bool:
    """Whether this is `if len(sys.argv) == 1:`, which is not true with --help."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"len(sys.argv) == 1", "len(sys.argv) < 2"}


def _may_fail(node: ast.AST, module: Module) -> bool:
    """Whether a statement takes an item that may be missing: os.environ["X"], sys.argv[1]."""
    taken = [dotted(it.value, module.known) for it in ast.walk(node) if isinstance(it, ast.Subscript)]
    return bool({"os.environ", "sys.argv"} & set(taken))


def _leads_call(node: ast.AST, module: Module, within: tuple[str, ...]) -> bool | None:
    for call in calls(node):
        name = dotted(call.func, module.known)
        if name in _PARSES or name.rpartition(".")[2] in _PARSING or is_command(name, module):
            return True
        if name in module.functions and name not in within:
            result = _leads(module.functions[name].body, module, (*within, name))
            if result is not None:
                return result
        elif name not in SETUP and not is_harmless_call(call, module):
            return False
    return None
