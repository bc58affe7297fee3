"""How a lack of memory or of threads shows, for which Python has many errors."""

HINT = "Free some memory, or raise the limits of this shell (ulimit -a), then run this again."
_MEMORY, _THREADS = "There is not enough memory.", "The system lets this run start no more threads."
# What Python, the system's loader and its own parts say. A SystemError is of Python itself, which lost an error.
_TEXTS = {"failed to map segment": _MEMORY, "annot allocate memory": _MEMORY, "can't start new thread": _THREADS}


def lack(error: BaseException | None) -> str:
    """The sentence about what is lacking, by the error or one that it comes from; '' for other errors."""
    while error is not None:
        if isinstance(error, (MemoryError, SystemError)):
            return _MEMORY
        for text, sentence in _TEXTS.items():
            if isinstance(error, (ImportError, OSError, RuntimeError)) and text in str(error):
                return sentence
        error = error.__cause__ or error.__context__
    return ""
