"""The effects of importing a Python file, and of running it with `--help`.

A statement is harmless if it certainly only defines names and makes values. This module lists what is known to be
harmless and takes everything else for an effect, calls of the file's own functions included: a mistake in that
direction costs the user a note and an export, one in the other direction would make a smoke test run the program.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from new_ops_project.formats.python import Syntax, is_guard, last_name

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A parsed file with what its top level defines, and what it imports and defines anywhere."""

    syntax: Syntax
    functions: Mapping[str, Function]
    classes: Mapping[str, ast.ClassDef]
    values: Mapping[str, ast.expr]
    imported: frozenset[str]
    methods: frozenset[str]  # of all its classes, and the functions


def read_module(syntax: Syntax) -> Module:
    """Collect the names of a file."""
    body = syntax.tree.body
    aliases = [*(it for node in syntax.nodes(ast.Import) for it in node.names)]
    aliases += [it for node in syntax.nodes(ast.ImportFrom) for it in node.names]
    return Module(
        syntax,
        {node.name: node for node in body if isinstance(node, Function)},
        {node.name: node for node in body if isinstance(node, ast.ClassDef)},
        {ast.unparse(target): value for it in body for target, value in _assigned(it)},
        frozenset((alias.asname or alias.name).partition(".")[0] for alias in aliases),
        frozenset(node.name for node in syntax.nodes(ast.FunctionDef)),
    )


def _assigned(node: ast.stmt) -> list[tuple[ast.expr, ast.expr]]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [(target, node.value) for target in targets if node.value]  # type: ignore[attr-defined]


def runs_at(module: Module) -> int:
    """The line of the first statement that may have an effect when the file is imported; 0 if there is none."""
    return next((node.lineno for node in module.syntax.tree.body if not _is_harmless(node, module)), 0)


def _is_harmless(statement: ast.stmt, module: Module) -> bool:
    return not any(_acts(node, module) for node in _evaluated(statement))


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """What an import evaluates of a statement, in the order of the text, inner parts first.

    It leaves out the bodies of functions, what only a script runs, and what happens where an import fails.
    """
    for child in _parts(node):
        yield from _evaluated(child)
    yield node


def _parts(node: ast.AST) -> Iterable[ast.AST]:
    decorators = [it for it in getattr(node, "decorator_list", ()) if isinstance(it, ast.Call)]
    arguments = [argument for it in decorators for argument in (*it.args, *it.keywords)]
    if isinstance(node, Function):
        return [*arguments, *node.args.defaults, *(it for it in node.args.kw_defaults if it)]
    if isinstance(node, ast.ClassDef):
        return [*arguments, *node.bases, *node.keywords, *node.body]
    if isinstance(node, ast.If) and is_guard(node):
        return node.orelse
    if isinstance(node, ast.Try) and all(isinstance(it, (ast.Import, ast.ImportFrom)) for it in node.body):
        return [*node.orelse, *node.finalbody]
    return ast.iter_child_nodes(node)


def _acts(node: ast.AST, module: Module) -> bool:
    """Whether a node by itself, without its parts, may have an effect."""
    match node:
        case ast.Call():
            return not _is_harmless_call(node, module)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return not all(_decorates(it, module) for it in node.decorator_list)
        case ast.ClassDef():
            return not all(_decorates(it, module) for it in node.decorator_list) or _runs_own_code(module)
        case ast.Subscript():  # fails where the item is missing
            return module.syntax.qualified_name(node.value) in {"os.environ", "sys.argv"}
        case ast.Attribute(ctx=ast.Store()):
            return _root(node) in module.imported
    return type(node).__name__ in _STATEMENTS


_STATEMENTS = {"For", "While", "With", "Raise", "Match", "TryStar", "AsyncFor", "AsyncWith", "Await"}


def _decorates(node: ast.expr, module: Module) -> bool:
    """Whether decorating is harmless: a decorator of a library normally only wraps or registers."""
    name = module.syntax.qualified_name(node.func if isinstance(node, ast.Call) else node)
    return name not in {"", "atexit.register", *module.functions, *module.classes, *module.values}


def _runs_own_code(module: Module) -> bool:
    """Whether a class statement may run code of the file: a hook of a base class, or a metaclass."""
    hooks = module.methods & {"__init_subclass__", "__set_name__"}
    bases = {last_name(base) for it in module.syntax.nodes(ast.ClassDef) for base in it.bases}
    return bool(hooks) or any(base == "type" or base.endswith(("Meta", "EnumType")) for base in bases)


def _root(node: ast.AST) -> str:
    """The name that a chain of attributes and items begins with; '' where it begins with something else."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_harmless_call(node: ast.Call, module: Module) -> bool:
    """Whether a call is harmless, given that its arguments are."""
    name, method = module.syntax.qualified_name(node.func), last_name(node.func)
    arguments = [*node.args, *(it.value for it in node.keywords)]
    is_foreign = _root(node.func) in module.imported
    if method in _CONFIGURING_METHODS - module.methods and not is_foreign:
        return True
    # sorted(keys, key=fetch) calls `fetch`, so nothing of the file's own may be handed over.
    if {it.id for it in arguments if isinstance(it, ast.Name)} & {*module.functions, *module.classes}:
        return False
    if isinstance(node.func, ast.Name) and node.func.id in {*module.functions, *module.classes, *module.values}:
        return name in module.classes and _is_plain(module.classes[name], module)
    if name in {"int", "float"} and any(_may_be_none(it, module) for it in arguments):
        return False
    if name in _HARMLESS or (name.partition(".")[0] in _HARMLESS_MODULES and name not in _EFFECTS):
        return True
    return isinstance(node.func, ast.Attribute) and method in _METHODS - module.methods and not is_foreign


def _is_plain(node: ast.ClassDef, module: Module) -> bool:
    """Whether making an object of a class runs no code of the file."""
    methods = {it.name for it in node.body if isinstance(it, ast.FunctionDef)}
    tops = {module.syntax.qualified_name(base).partition(".")[0] for base in node.bases}
    return not methods & {"__init__", "__new__", "__post_init__"} and tops <= _HARMLESS_MODULES | _HARMLESS


def _may_be_none(node: ast.expr, module: Module) -> bool:
    """Whether this is os.getenv("X") without a default: int(None) fails."""
    getters = {"os.getenv", "os.environ.get"}
    is_get = isinstance(node, ast.Call) and module.syntax.qualified_name(node.func) in getters
    return is_get and len(node.args) + len(node.keywords) == 1  # type: ignore[attr-defined]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HARMLESS = _words(
    "frozenset set dict tuple list int str float bool bytes bytearray complex object len sorted reversed range zip"
    " enumerate min max sum abs round chr ord repr type isinstance issubclass hasattr getattr vars id slice property"
    " super any all format divmod hash globals locals Exception ValueError RuntimeError KeyError TypeError OSError"
    " pathlib.Path pathlib.PurePath pathlib.PurePosixPath pathlib.Path.home pathlib.Path.cwd"
    " logging.getLogger logging.NullHandler logging.StreamHandler logging.Formatter logging.Logger"
    " logging.makeLogRecord os.environ.get os.environ.copy os.getenv os.getpid os.getuid os.getcwd os.uname"
    " os.cpu_count os.fspath os.path.join os.path.dirname os.path.basename os.path.abspath os.path.realpath"
    " os.path.normpath os.path.expanduser os.path.exists os.path.isfile os.path.isdir os.path.split os.path.splitext"
    " socket.gethostname socket.getfqdn getpass.getuser shutil.which tempfile.gettempdir time.time time.monotonic"
    " time.perf_counter time.strftime time.localtime time.gmtime uuid.uuid4 uuid.UUID random.Random textwrap.dedent"
    " json.dumps json.loads threading.Lock threading.RLock threading.Event threading.local threading.Semaphore"
    " queue.Queue contextvars.ContextVar string.Template struct.Struct importlib.util.find_spec"
    " rich.console.Console rich.theme.Theme attrs.define attrs.field jinja2.Template jinja2.Environment"
    " pydantic.Field pydantic.ConfigDict structlog.get_logger optparse.OptionParser optparse.make_option"
    " ipaddress.ip_network ipaddress.ip_address"
)
_HARMLESS_MODULES = _words(
    "re datetime collections typing typing_extensions enum dataclasses decimal fractions click rich_click typer"
    " argparse functools itertools operator types platform zoneinfo math abc"
)
_EFFECTS = {"functools.reduce", "itertools.starmap", "operator.call", "operator.methodcaller"} | {
    f"{top}.{name}"
    for top in ("click", "rich_click", "typer")
    for name in _words(
        "echo secho prompt confirm run launch edit clear pause getchar open_file progressbar echo_via_pager"
        " get_binary_stream get_text_stream"
    )
}
_CONFIGURING_METHODS = _words(
    "add_argument add_subparsers add_parser add_argument_group add_mutually_exclusive_group set_defaults add_command"
    " add_typer add_option add_option_group setLevel addHandler addFilter setFormatter"
)
_METHODS = _words(
    "resolve absolute expanduser joinpath with_name with_suffix with_stem relative_to as_posix is_relative_to exists"
    " is_file is_dir format join split rsplit splitlines strip lstrip rstrip lower upper title capitalize encode decode"
    " items keys values get copy removeprefix removesuffix startswith endswith union intersection difference as_uri"
    " ljust rjust zfill center casefold partition rpartition isdigit count index isoformat strftime astimezone"
    " total_seconds timestamp translate hex match search fullmatch findall fromkeys group groups"
)


# Arguments: the smoke test of a promoted program runs it with --help. That is only safe if nothing with an effect comes
# before the arguments are parsed.


def offers_help(module: Module) -> bool:
    """Whether running the file certainly parses its arguments, `--help` among them, before it does anything else."""
    words = {it.arg for it in module.syntax.nodes(ast.keyword)} | {it.value for it in module.syntax.nodes(ast.Constant)}
    may_lack_help = words & {"add_help", "add_help_option"} or ("help_option_names" in words and "--help" not in words)
    return not may_lack_help and _parses(module.syntax.tree.body, module, frozenset()) is True


_SETUP = _words(
    "dotenv.load_dotenv load_dotenv logging.basicConfig logging.captureWarnings logging.config.dictConfig"
    " warnings.filterwarnings warnings.simplefilter urllib3.disable_warnings locale.setlocale os.environ.setdefault"
    " signal.signal faulthandler.enable"
)
_PARSING = _words("parse_args parse_known_args parse_intermixed_args")
_PARSES = _words("docopt.docopt fire.Fire typer.run")


def _parses(body: Iterable[ast.stmt], module: Module, within: frozenset[str]) -> bool | None:
    """What these statements do first: True for parsing arguments, False for something else, None for neither.

    `within` are the functions that are being followed, so that a recursion ends.
    """
    results = (_parses_first(node, module, within) for node in body)
    return next((result for result in results if result is not None), None)


def _parses_first(statement: ast.stmt, module: Module, within: frozenset[str]) -> bool | None:
    if isinstance(statement, ast.Try) or (isinstance(statement, ast.If) and is_guard(statement)):
        return _parses(statement.body, module, within)
    if isinstance(statement, (ast.If, ast.For)):
        return None if _is_harmless(statement, module) else False
    results = (_parses_here(node, module, within) for node in _evaluated(statement))
    return next((result for result in results if result is not None), None)


def _parses_here(node: ast.AST, module: Module, within: frozenset[str]) -> bool | None:
    func = node.func if isinstance(node, ast.Call) else None
    name = module.syntax.qualified_name(func)
    if name in _PARSES or last_name(func) in _PARSING - module.methods or _is_command(name, module):
        return True
    if name in module.functions.keys() - within:
        return _parses(module.functions[name].body, module, within | {name})
    return False if name not in _SETUP and _acts(node, module) else None


def _is_command(name: str, module: Module) -> bool:
    """Whether a name is a function that click makes a command or a group, or an app of typer."""
    decorators = module.functions[name].decorator_list if name in module.functions else []
    makers = [it.func if isinstance(it, ast.Call) else it for it in decorators]
    value = module.values.get(name)
    makers += [value.func] if isinstance(value, ast.Call) else []
    commands = {"typer.Typer", *(f"{top}.{kind}" for top in ("click", "rich_click") for kind in ("command", "group"))}
    return any(module.syntax.qualified_name(it) in commands for it in makers)
