"""Work on what others wrote, done in a child process that can be ended at any moment.

Python cannot stop itself in the middle of `9**9**9`: only the end of its process does. The child is a fork, so it knows
all that its parent knows, and starts in 2 ms. Where processes cannot fork (Windows), work is done here, without limits.
"""

import copyreg
import gc
import marshal
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any, TypeVar

from new_ops_project.base import descendants, interrupts

if sys.platform != "win32":
    import fcntl
    import resource
if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")

_PATIENCE = 10  # times its processor time that a child may take: what waits for something takes none
_LOOK = 0.2  # seconds between two looks at what a child has written to a folder
_MOST_PLACE = 200  # bytes
_MOST_ALIVE = 4  # children that wait for requests; one that is asked again later starts again

_place: Any = None  # in a child, the memory shared with its parent in which `note` writes
_alive: list["Child"] = []


@dataclass(frozen=True)
class ResourceLimits:
    """What a child may use for one request.

    `seconds` are of processor time, so a busy machine makes no difference. Sizes are in bytes; `memory` is that of
    addresses, None for no limit.
    """

    seconds: float
    size: int
    files: int
    memory: int | None


class ExceededError(Exception):
    """A child was ended; the message is a clause about its work, whose `place` is as `note` had it, '' if unknown.

    `is_late`: because it took too long.
    """

    def __init__(self, clause: str, place: str, *, is_late: bool) -> None:
        super().__init__(clause)
        self.place, self.is_late = place, is_late


def note(place: str) -> None:
    """Say what is worked on now, for the message about a child that is ended; outside of children it does nothing."""
    if _place is not None:
        _place[:] = place.encode(errors="replace")[:_MOST_PLACE].ljust(_MOST_PLACE, b"\0")


def call(work: Callable[[], T], limits: ResourceLimits, *, folder: Path | None = None, asks: bool = False) -> T:
    """What `work` returns in a child, or raises there. `folder`: where it writes files, which are limited too.

    If it `asks` a person, only its processor time counts. Raises ExceededError.
    """
    child = Child(lambda _: work(), limits, folder=folder, asks=asks)
    try:
        result: T = child.ask(None)
        return result
    finally:
        child.end()


class Child:
    """A fork that answers requests by `serve`, each within the limits, from the first request to the end of its parent.

    Requests, answers and exceptions are pickled, code objects too. `folder` and `asks` are those of `call`.
    """

    def __init__(
        self, serve: Callable[[Any], Any], limits: ResourceLimits, *, folder: Path | None = None, asks: bool = False
    ) -> None:
        self._serve, self._limits, self._folder, self._asks = serve, limits, folder, asks
        self._pid, self._parent = 0, os.getpid()
        self._requests: Connection[Any, Any]
        self._answers: Connection[Any, Any]
        self._lifeline = -1  # the end of a pipe that is never written to
        self._shared: Any = None

    def ask(self, request: Any) -> Any:
        """What `serve` returns for the request, or raises; raises ExceededError for a child that had to be ended."""
        if _place is not None or not hasattr(os, "fork"):
            return self._serve(request)
        import pickle  # noqa: PLC0415 - our own template needs no child

        if self._parent != os.getpid():  # a fork of the process that started the child
            self._pid, self._parent = 0, os.getpid()
        if not self._pid:
            self._start()
        try:
            with suppress(BrokenPipeError):  # it has ended, which is noticed below
                self._requests.send_bytes(pickle.dumps(request))
            answer = pickle.loads(self._answer())  # noqa: S301 - of our own child
            self._require_little()
        except BaseException:
            if self._pid:
                descendants.kill(self._pid)
                self.end()
            raise
        if isinstance(answer, str):
            raise self._exceeded(answer)
        value, error, cause = answer
        if error is not None:
            raise error from cause
        return value

    def end(self) -> None:
        """End the child, if there is one."""
        if self._pid and self._parent == os.getpid():
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._reap()

    def _reap(self) -> int:
        """Wait for a child that ends; return its exit code, or the negative number of the signal that ended it."""
        with interrupts.deferred():
            pid, self._pid = self._pid, 0
            with suppress(ValueError):
                _alive.remove(self)
            self._requests.close()
            self._answers.close()
            os.close(self._lifeline)
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    # ---- the parent -------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        import mmap  # noqa: PLC0415 - as above
        from multiprocessing.connection import Pipe  # noqa: PLC0415

        _flush()  # else the child writes once more what waits there
        self._shared = mmap.mmap(-1, _MOST_PLACE)
        (requests, self._requests), (self._answers, answers) = Pipe(duplex=False), Pipe(duplex=False)
        lifeline, self._lifeline = os.pipe()
        with interrupts.deferred():
            with warnings.catch_warnings():  # of other threads: those that run meanwhile wait for programs only
                warnings.simplefilter("ignore", DeprecationWarning)
                self._pid = os.fork()
            if not self._pid:
                self._work(requests, answers, lifeline)
        requests.close()
        answers.close()
        os.close(lifeline)
        _alive.append(self)
        if len(_alive) > _MOST_ALIVE:
            _alive[0].end()

    def _answer(self) -> bytes:
        """The next message of the child."""
        patience = float("inf") if self._asks else _PATIENCE * self._limits.seconds
        ends = time.monotonic() + patience
        while not self._answers.poll(_LOOK):
            self._require_little()
            if time.monotonic() > ends:
                raise self._exceeded(f"does not end within {patience:g} s", is_late=True)
        try:
            return self._answers.recv_bytes()
        except (EOFError, OSError):  # before a message, or in the middle of one
            raise self._ended() from None

    def _exceeded(self, clause: str, *, is_late: bool = False) -> ExceededError:
        place = bytes(self._shared).rstrip(b"\0").decode(errors="replace") if self._shared else ""
        return ExceededError(clause, place, is_late=is_late)

    def _ended(self) -> BaseException:
        """The error for a child that has ended by itself."""
        number = -self._reap()
        if number == signal.SIGPROF:
            return self._exceeded(f"takes more than {self._limits.seconds:g} s of processor time", is_late=True)
        if number in interrupts.SIGNALS:
            return KeyboardInterrupt()
        names = {signal.SIGKILL: "is killed by the system, which may lack memory"}
        known = f"makes Python crash ({signal.Signals(number).name})" if number > 0 else f"exits with code {-number}"
        return self._exceeded(names.get(number, known))  # type: ignore[call-overload]

    def _require_little(self) -> None:
        """Raise ExceededError if there is too much in the folder."""
        size = files = 0
        folders = [str(self._folder)] if self._folder and self._folder.is_dir() else []
        while folders:
            with suppress(FileNotFoundError), os.scandir(folders.pop()) as entries:
                for entry in entries:
                    files += 1
                    is_folder = entry.is_dir(follow_symlinks=False)
                    folders += [entry.path] if is_folder else []
                    size += 0 if is_folder else entry.stat(follow_symlinks=False).st_size
                    if size > self._limits.size:
                        raise self._exceeded(f"writes more than {_in_words(self._limits.size)}")
                    if files > self._limits.files:
                        raise self._exceeded(f"writes more than {self._limits.files:,} files")

    # ---- the child --------------------------------------------------------------------------------------------------

    def _work(self, requests: "Connection[Any, Any]", answers: "Connection[Any, Any]", lifeline: int) -> None:
        """Answer requests until the parent has gone, and never return."""
        global _place  # noqa: PLW0603 - what tells a child from its parent
        try:
            _place = self._shared
            copyreg.pickle(CodeType, _reduced_code)
            gc.freeze()  # memory that is only looked at stays shared
            self._become_child({requests.fileno(), answers.fileno(), lifeline})
            # The system ends the child when its parent dies, which closes the pipe, even in C code.
            with suppress(OSError, AttributeError):
                fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
                fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | fcntl.FASYNC)
            while os.getppid() == self._parent:
                answers.send_bytes(self._served(requests.recv_bytes()))
        finally:
            os._exit(1)

    def _become_child(self, kept: set[int]) -> None:
        for number in interrupts.SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                # Questions restore the terminal when they are interrupted.
                is_handled = self._asks and number == signal.SIGINT
                signal.signal(number, signal.default_int_handler if is_handled else signal.SIG_DFL)
        # What the parent and its other children have open would stay open: pipes without end, locks of the dead. The
        # numbers stay in use, since objects that know them may close them.
        null = os.open(os.devnull, os.O_RDWR)
        for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not paths
            with suppress(OSError):
                if int(name) > 2 and int(name) not in {*kept, null}:  # noqa: PLR2004 - the standard streams
                    os.fstat(int(name))
                    os.dup2(null, int(name), inheritable=False)
        if (most := self._limits.memory) is not None:
            with suppress(OSError, ValueError):  # macOS refuses
                _, hard = resource.getrlimit(resource.RLIMIT_AS)
                most = most if hard == resource.RLIM_INFINITY else min(most, hard)
                resource.setrlimit(resource.RLIMIT_AS, (most, hard))

    def _served(self, request: bytes) -> bytes:
        """The answer to a request: a value, or an error with its cause, or a clause about what it exceeds."""
        import pickle  # noqa: PLC0415 - as above

        signal.setitimer(signal.ITIMER_PROF, self._limits.seconds)  # by which the system ends it, even in C code
        try:
            answer = pickle.dumps((self._serve(pickle.loads(request)), None, None))  # noqa: S301 - of our parent
        except MemoryError:
            answer = pickle.dumps(f"needs more than {_in_words(self._limits.memory)} of memory")
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            answer = pickle.dumps((None, _portable(error), _portable(error.__cause__)))
        if len(answer) > self._limits.size:
            answer = pickle.dumps(f"writes more than {_in_words(self._limits.size)}")
        signal.setitimer(signal.ITIMER_PROF, 0)
        _flush()
        return answer


def _flush() -> None:
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()


def _portable(error: BaseException | None) -> BaseException | None:
    """The error as pickle can carry it; one with the same text if its class cannot be found."""
    import pickle  # noqa: PLC0415 - as above

    with suppress(Exception):  # classes of others raise anything
        if str(pickle.loads(pickle.dumps(error))) == str(error):  # noqa: S301 - ours
            return error
    with suppress(Exception):
        copyreg.pickle(type(error), _reduced)
        pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
        return error
    return RuntimeError(str(error))


def _reduced(error: Any) -> tuple[Any, ...]:
    """What pickle makes an error of whose `__init__` does not take its `args`."""
    return _rebuilt, (type(error), error.args, vars(error))


def _reduced_code(code: CodeType) -> tuple[Any, ...]:
    return marshal.loads, (marshal.dumps(code),)


def _rebuilt(kind: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]) -> BaseException:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def _in_words(size: int | None) -> str:
    """A number of bytes, such as 500 MB."""
    number, unit = float(size or 0), 0
    while number >= 1000:  # noqa: PLR2004 - SI
        number, unit = number / 1000, unit + 1
    return f"{number:.3g} {('bytes', 'kB', 'MB', 'GB')[unit]}"
