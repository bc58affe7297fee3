"""Packages whose modules have another name than they have, as far as operations code uses them."""

from collections.abc import Mapping

# What pip installs: what is imported.
MODULES: Mapping[str, tuple[str, ...]] = {
    "ansible-core": ("ansible",), "antlr4-python3-runtime": ("antlr4",), "attrs": ("attr", "attrs"),
    "azure-identity": ("azure",), "azure-storage-blob": ("azure",), "beautifulsoup4": ("bs4",),
    "discord-py": ("discord",), "djangorestframework": ("rest_framework",), "django-environ": ("environ",),
    "dnspython": ("dns",), "faiss-cpu": ("faiss",), "gitpython": ("git",), "grpcio": ("grpc",),
    "hydra-core": ("hydra",), "levenshtein": ("Levenshtein",), "mysqlclient": ("MySQLdb",),
    "opencv-python": ("cv2",), "opencv-python-headless": ("cv2",), "pillow": ("PIL",), "protobuf": ("google",),
    "psycopg2-binary": ("psycopg2",), "psycopg-binary": ("psycopg",), "py-consul": ("consul",),
    "pycryptodome": ("Crypto",), "pycryptodomex": ("Cryptodome",), "pygithub": ("github",), "pygobject": ("gi",),
    "pyjwt": ("jwt",), "pyopenssl": ("OpenSSL",), "pyserial": ("serial",), "pysocks": ("socks", "sockshandler"),
    "python-consul": ("consul",), "python-crontab": ("crontab",), "python-dateutil": ("dateutil",),
    "python-dotenv": ("dotenv",), "python-gitlab": ("gitlab",), "python-gnupg": ("gnupg",),
    "python-jenkins": ("jenkins",), "python-jose": ("jose",), "python-json-logger": ("pythonjsonlogger",),
    "python-ldap": ("ldap", "ldif"), "python-levenshtein": ("Levenshtein",), "python-magic": ("magic",),
    "python-multipart": ("multipart", "python_multipart"), "python-slugify": ("slugify",),
    "python-telegram-bot": ("telegram",), "pyvmomi": ("pyVmomi", "pyVim", "vmware"),
    "pywin32": ("win32api", "win32con", "win32event", "win32file", "win32service", "win32serviceutil", "pythoncom",
                "pywintypes", "servicemanager"),
    "pyyaml": ("yaml", "_yaml"), "pyzmq": ("zmq",), "ruamel-yaml": ("ruamel",), "scikit-learn": ("sklearn",),
    "setuptools": ("setuptools", "pkg_resources"), "websocket-client": ("websocket",),
}  # fmt: skip
# Many packages put their modules into these: which of them has one, only an installed one tells.
SHARED = frozenset({"azure", "google", "zope", "backports", "jaraco", "ruamel", "opentelemetry", "sphinxcontrib"})
