"""The effects of importing a Python file.

A statement is harmless if executing it only defines names and makes values: it prints, reads, writes and asks nothing,
and does not fail because an environment variable is missing. Python lets almost anything have an effect, so this module
lists what is known to be harmless, and takes everything else for an effect. A mistake in that direction costs the user
a note; one in the other direction would make a smoke test run the program.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from new_ops_project.project.promotion.program.names import Function, dotted, first_argument, imported_names


@dataclass(frozen=True)
class Module:
    """A parsed file with the definitions at its top level."""

    tree: ast.Module
    known: Mapping[str, str]  # imported names with their full names
    functions: Mapping[str, Function]
    classes: Mapping[str, ast.ClassDef]
    values: Mapping[str, ast.expr]
    verdicts: dict[str, bool] = field(default_factory=dict)  # a cache: whether calling a function or class is harmless


def read_module(tree: ast.Module) -> Module:
    """Collect the definitions at a file's top level."""
    return Module(
        tree,
        imported_names(tree),
        {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))},
        {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)},
        {
            target.id: node.value
            for node in tree.body
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        },
    )


def is_guard(node: ast.stmt) -> bool:
    """Whether a statement is `if __name__ == "__main__":`."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare) or len(node.test.ops) != 1:
        return False
    sides = {ast.dump(node.test.left), ast.dump(node.test.comparators[0])}
    return isinstance(node.test.ops[0], ast.Eq) and sides == _GUARD


_GUARD = {ast.dump(ast.Name("__name__", ast.Load())), ast.dump(ast.Constant("__main__"))}


def runs_at(module: Module) -> int:
    """The line of the first statement with an effect when the file is imported; 0 if there is none."""
    return next((node.lineno for node in module.tree.body if not is_harmless(node, module)), 0)


def is_program(module: Module) -> bool:
    """Whether running the file does more than preparing things for importers: it has a guard, or an effect."""
    return any(
        is_guard(node) or not (_prepares(node, module) or is_harmless(node, module)) for node in module.tree.body
    )


SETUP = {
    "sys.path.insert",
    "sys.path.append",
    "site.addsitedir",
    "dotenv.load_dotenv",
    "logging.basicConfig",
    "logging.captureWarnings",
    "logging.disable",
    "logging.config.dictConfig",
    "warnings.filterwarnings",
    "warnings.simplefilter",
    "urllib3.disable_warnings",
    "locale.setlocale",
    "os.environ.setdefault",
    "signal.signal",
    "faulthandler.enable",
    "sys.stdout.reconfigure",
    "sys.stderr.reconfigure",
    "load_dotenv",
}


def _prepares(node: ast.AST, module: Module) -> bool:
    """Whether a statement configures something, as modules that are no programs do too, or computes a value."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call) and dotted(node.value.func, module.known) in SETUP
    return isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign))


# Statements


def is_harmless(node: ast.AST, module: Module) -> bool:
    """Whether executing a statement is harmless; unknown kinds of statements are not."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            defaults = [*node.args.defaults, *node.args.kw_defaults]
            return _all(defaults, module) and all(_decorates(it, module) for it in node.decorator_list)
        case ast.ClassDef():
            return _is_harmless_class(node, module)
        case ast.If() | ast.Try() | ast.With():
            return _is_harmless_block(node, module)
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return is_value(node.value, module) and all(_is_own(target, module) for target in targets)
        case ast.Expr() | ast.Assert() | ast.Return():
            return _all(ast.iter_child_nodes(node), module)
    return type(node).__name__ in _HARMLESS_STATEMENTS


_HARMLESS_STATEMENTS = {"Import", "ImportFrom", "Pass", "Global", "Nonlocal", "Delete", "TypeAlias"}


def _are_harmless(body: Iterable[ast.stmt], module: Module) -> bool:
    return all(is_harmless(node, module) for node in body)


def _is_own(target: ast.expr, module: Module) -> bool:
    """Whether an assignment to this changes only what belongs to the file."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(_is_own(item, module) for item in target.elts)
    if isinstance(target, (ast.Attribute, ast.Subscript, ast.Starred)):
        return _is_own(target.value, module) and is_value(target, module)
    return isinstance(target, ast.Name) and (target.id not in module.known or isinstance(target.ctx, ast.Store))


def _decorates(node: ast.expr, module: Module) -> bool:
    """Whether decorating with this is harmless.

    It is, except for the file's own functions that are not: a decorator of a library normally only wraps or registers.
    """
    func = node.func if isinstance(node, ast.Call) else node
    name = dotted(func, module.known)
    arguments = [*node.args, *node.keywords] if isinstance(node, ast.Call) else []
    is_local = name in module.functions or name in module.classes
    is_harmless_decorator = (
        _is_harmless_callable(name, module) if is_local else name not in {"atexit.register", "print", "exec", "eval"}
    )
    return is_harmless_decorator and (bool(name) or is_value(func, module)) and _all(arguments, module)


def _is_harmless_class(node: ast.ClassDef, module: Module) -> bool:
    return (
        _all([*node.bases, *node.keywords], module)
        and not any(_is_made_by_code(it, module) for it in (*node.bases, *(it.value for it in node.keywords)))
        and all(_decorates(it, module) for it in node.decorator_list)
        and _are_harmless(node.body, module)
    )


def _is_made_by_code(base: ast.expr, module: Module) -> bool:
    """Whether a class statement with this base or metaclass runs code of the file."""
    node = module.classes.get(dotted(base, module.known))
    if node is None:
        return False
    methods = {it.name for it in node.body if isinstance(it, ast.FunctionDef)}
    return "__init_subclass__" in methods or any(ast.unparse(it) in _METACLASSES for it in node.bases)


_METACLASSES = {"type", "ABCMeta", "abc.ABCMeta", "EnumMeta", "EnumType", "enum.EnumMeta", "enum.EnumType"}


def _is_harmless_block(node: ast.If | ast.Try | ast.With, module: Module) -> bool:
    if is_guard(node):
        return _are_harmless(node.orelse, module)  # type: ignore[union-attr]
    if isinstance(node, ast.With):
        calls = [it.context_expr for it in node.items]
        is_known = all(isinstance(it, ast.Call) and dotted(it.func, module.known) in _CONTEXTS for it in calls)
        return is_known and _are_harmless(node.body, module)
    if isinstance(node, ast.If):
        is_refusal = _is_old(node.test, module) and _ends(node.body)
        return is_refusal or (is_value(node.test, module) and _are_harmless([*node.body, *node.orelse], module))
    handled = all(_is_harmless_handler(it, node, module) for it in node.handlers)
    return handled and _are_harmless([*node.body, *node.orelse, *node.finalbody], module)


_CONTEXTS = {"contextlib.suppress", "warnings.catch_warnings"}


def _is_harmless_handler(handler: ast.ExceptHandler, node: ast.Try, module: Module) -> bool:
    """Whether an exception handler is harmless; one that exits because an import failed only repeats that failure."""
    is_import = all(isinstance(it, (ast.Import, ast.ImportFrom)) for it in node.body)
    return _are_harmless(handler.body, module) or (is_import and _ends(handler.body))


def _ends(body: list[ast.stmt]) -> bool:
    """Whether a block ends with `raise` or `sys.exit()`."""
    last = body[-1]
    is_call = isinstance(last, ast.Expr) and isinstance(last.value, ast.Call)
    return isinstance(last, ast.Raise) or (is_call and ast.unparse(last.value.func) in _EXITS)  # type: ignore[attr-defined]


_EXITS = {"sys.exit", "exit", "quit", "os._exit"}
_OLDEST = (3, 11)  # the oldest Python that a generated project runs on


def _is_old(test: ast.expr, module: Module) -> bool:
    """Whether a test is true only on Pythons that a generated project does not run on."""
    if not isinstance(test, ast.Compare) or dotted(test.left, module.known) != "sys.version_info":
        return False
    try:
        limit = ast.literal_eval(test.comparators[0])
    except ValueError:
        return False
    return isinstance(test.ops[0], ast.Lt) and isinstance(limit, tuple) and limit <= _OLDEST


# Expressions


def _all(nodes: Iterable[ast.AST | None], module: Module) -> bool:
    return all(is_value(node, module) for node in nodes)


def is_value(node: ast.AST | None, module: Module) -> bool:
    """Whether evaluating an expression is harmless: it only makes a value."""
    match node:
        case ast.Lambda():
            return _all([*node.args.defaults, *node.args.kw_defaults], module)
        case ast.Call():
            return _all([*node.args, *node.keywords], module) and is_harmless_call(node, module)
        case ast.Subscript():
            may_lack = {"os.environ", "sys.argv"}  # fails where the item is missing
            return dotted(node.value, module.known) not in may_lack and _all(ast.iter_child_nodes(node), module)
        case ast.Await() | ast.Yield() | ast.YieldFrom():
            return False
    return node is None or _all(ast.iter_child_nodes(node), module)


def is_harmless_call(node: ast.Call, module: Module) -> bool:
    """Whether a call is harmless, given that its arguments are."""
    name = dotted(node.func, module.known)
    top = name.split(".", maxsplit=1)[0]
    if isinstance(node.func, ast.Name) and (name in module.functions or name in module.classes):
        return _is_harmless_callable(name, module)
    if isinstance(node.func, ast.Name) and node.func.id in module.values:
        return False
    arguments = [*node.args, *(it.value for it in node.keywords)]
    # sorted(keys, key=fetch) calls `fetch`, so a builtin is only as harmless as the file's functions that it gets.
    if name in _BUILTINS and any(isinstance(it, ast.Name) and not _may_be_called(it, module) for it in arguments):
        return False
    if name in _HARMLESS or (top in _HARMLESS_MODULES and name not in _EFFECTS):
        return not (name in {"int", "float"} and _may_be_none(first_argument(node), module))
    if not isinstance(node.func, ast.Attribute):
        return False
    return _is_harmless_method(node.func, module)


def _may_be_called(name: ast.Name, module: Module) -> bool:
    """Whether it is harmless to pass this to something that may call it."""
    is_own = name.id in module.functions or name.id in module.classes
    return not is_own or _is_harmless_callable(name.id, module)


def _is_harmless_method(func: ast.Attribute, module: Module) -> bool:
    """Whether the call of a method is harmless: methods of strings, paths and containers, or adding to a parser."""
    root: ast.AST = func
    while isinstance(root, (ast.Attribute, ast.Subscript)):
        root = root.value
    is_foreign = isinstance(root, ast.Name) and root.id in module.known
    if func.attr in _CONFIGURING_METHODS and not is_foreign:
        return is_value(func.value, module)
    if func.attr in _CHANGING_METHODS:  # only of a container that the file itself makes
        value = module.values.get(root.id) if isinstance(root, ast.Name) else None
        kind = dotted(value.func, module.known) if isinstance(value, ast.Call) else type(value).__name__
        return root is func.value and kind in _CONTAINERS
    return func.attr in _METHODS and not is_foreign and is_value(func.value, module)


def _may_be_none(node: ast.expr | None, module: Module) -> bool:
    """Whether this is os.getenv("X") without a default: int(None) fails."""
    getters = {"os.getenv", "os.environ.get"}
    is_get = isinstance(node, ast.Call) and dotted(node.func, module.known) in getters
    return is_get and len(node.args) + len(node.keywords) == 1  # type: ignore[union-attr]


def _is_harmless_callable(name: str, module: Module) -> bool:
    """Whether calling a function or class of this file is harmless."""
    if name not in module.verdicts:
        module.verdicts[name] = False  # the verdict inside its own body, which ends a recursion
        bodies = _bodies(name, module)
        module.verdicts[name] = bodies is not None and all(_are_harmless(body, module) for body in bodies)
    return module.verdicts[name]


def _bodies(name: str, module: Module) -> list[list[ast.stmt]] | None:
    """The blocks that a call of this name runs; None where other code may run too."""
    if name in module.functions:
        function = module.functions[name]
        return None if function.decorator_list else [function.body]
    node = module.classes[name]
    methods = {it.name: it.body for it in node.body if isinstance(it, ast.FunctionDef)}
    plain = all(dotted(base, module.known) in _PLAIN_BASES for base in node.bases) and not node.keywords
    decorated = all("dataclass" in ast.unparse(it) for it in node.decorator_list)
    called = [methods[it] for it in ("__init__", "__new__", "__post_init__", "__call__") if it in methods]
    return called if plain and decorated else None


_PLAIN_BASES = {
    "click.ParamType",
    "click.types.ParamType",
    "click.Option",
    "click.Argument",
    "click.Command",
    "click.Group",
    "argparse.Action",
    "argparse.Namespace",
    "enum.Enum",
    "logging.Formatter",
    "logging.Filter",
    "string.Formatter",
    "typing.NamedTuple",
    "object",
    "Exception",
    "abc.ABC",
    "threading.local",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BUILTINS = _words(
    "frozenset set dict tuple list int str float bool bytes bytearray complex object len sorted reversed range zip"
    " enumerate min max sum abs round chr ord repr type isinstance issubclass hasattr getattr callable vars id slice"
    " property super any all format divmod hash globals locals"
    " Exception ValueError RuntimeError KeyError TypeError OSError"
)
_HARMLESS = {
    *_BUILTINS,
    *("pathlib.Path", "pathlib.PurePath", "pathlib.PurePosixPath", "pathlib.Path.home", "pathlib.Path.cwd"),
    *("logging.getLogger", "logging.NullHandler", "logging.StreamHandler", "logging.Formatter", "logging.Logger"),
    "logging.makeLogRecord",
    *("os.environ.get", "os.getenv", "os.getpid", "os.getuid", "os.getcwd", "os.uname", "os.cpu_count"),
    *("os.fspath", "os.environ.copy"),
    *(f"os.path.{name}" for name in ("join", "dirname", "basename", "abspath", "realpath", "normpath", "expanduser")),
    *(f"os.path.{name}" for name in ("exists", "isfile", "isdir", "split", "splitext")),
    *("socket.gethostname", "socket.getfqdn", "getpass.getuser", "shutil.which", "tempfile.gettempdir"),
    *("time.time", "time.monotonic", "time.perf_counter", "time.strftime", "time.localtime", "time.gmtime"),
    *("uuid.uuid4", "uuid.UUID", "random.Random", "textwrap.dedent", "json.dumps", "json.loads"),
    *("threading.Lock", "threading.RLock", "threading.Event", "threading.local", "threading.Semaphore"),
    *("queue.Queue", "contextvars.ContextVar", "string.Template", "struct.Struct", "inspect.signature"),
    *("importlib.resources.files", "importlib.util.find_spec"),
    *("rich.console.Console", "rich.theme.Theme", "attr.ib", "attr.s", "attrs.define", "attrs.field"),
    *("jinja2.Template", "jinja2.Environment", "pydantic.Field", "pydantic.ConfigDict", "structlog.get_logger"),
    *("optparse.OptionParser", "optparse.make_option", "ipaddress.ip_network", "ipaddress.ip_address"),
}
_HARMLESS_MODULES = {
    *("re", "datetime", "collections", "typing", "typing_extensions", "enum", "dataclasses", "decimal", "fractions"),
    *("click", "rich_click", "typer", "argparse", "functools", "itertools", "operator", "types", "platform"),
    *("zoneinfo", "math", "abc"),
}
_EFFECTS_CLICKS = _words(
    "echo secho prompt confirm run launch edit clear pause getchar open_file progressbar echo_via_pager"
    " get_binary_stream get_text_stream"
)
_EFFECTS = {f"{top}.{name}" for top in ("click", "rich_click", "typer") for name in _EFFECTS_CLICKS}
_EFFECTS |= {"functools.reduce", "itertools.starmap", "operator.call", "operator.methodcaller"}
_CONFIGURING_METHODS = _words(
    "add_argument add_subparsers add_parser add_argument_group add_mutually_exclusive_group set_defaults add_command"
    " add_typer add_option add_option_group setLevel addHandler addFilter setFormatter"
)
_CHANGING_METHODS = {"append", "extend", "add", "update", "insert", "sort", "setdefault", "discard", "remove"}
_CONTAINERS = {
    "list",
    "dict",
    "set",
    "List",
    "Dict",
    "Set",
    "ListComp",
    "DictComp",
    "SetComp",
    "collections.deque",
    "collections.defaultdict",
    "collections.OrderedDict",
    "collections.Counter",
}
_METHODS = _words(
    "resolve absolute expanduser joinpath with_name with_suffix with_stem relative_to as_posix is_relative_to exists"
    " is_file is_dir format join split rsplit splitlines strip lstrip rstrip lower upper title capitalize replace"
    " encode decode items keys values get copy removeprefix removesuffix startswith endswith union intersection"
    " difference as_uri ljust rjust zfill center casefold partition rpartition isdigit count index isoformat strftime"
    " astimezone total_seconds timestamp translate hex date time compile match search fullmatch sub findall"
    " hexdigest maketrans fromkeys group groups"
)


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that a piece of code makes in the order in which they run, without those in nested functions."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from calls(child)
    if isinstance(node, ast.Call):
        yield node
