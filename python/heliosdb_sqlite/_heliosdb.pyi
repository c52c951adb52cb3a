"""Types of the compiled part. What each name does is in its docstring (`help(heliosdb_sqlite.Connection)`)."""

import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar, Literal, Protocol, SupportsIndex, TypeVar, final, overload

if sys.version_info >= (3, 11):
    from typing import Self
else:
    from typing_extensions import Self

if sys.version_info >= (3, 12):
    from collections.abc import Buffer
else:
    from typing_extensions import Buffer

from os import PathLike

_T = TypeVar("_T")
_ConnectionT = TypeVar("_ConnectionT", bound=Connection)
_CursorT = TypeVar("_CursorT", bound=Cursor)

# What SQLite stores. Adapters take anything else, so parameters are not restricted to it.
_SqliteData = str | Buffer | int | float | None
_Parameters = Sequence[Any] | Mapping[str, Any]
_IsolationLevel = Literal["", "DEFERRED", "deferred", "IMMEDIATE", "immediate", "EXCLUSIVE", "exclusive"] | None
_RowFactory = Callable[[Any, Any], Any]

class _Aggregate(Protocol):
    def step(self, *args: Any) -> object: ...
    def finalize(self) -> _SqliteData: ...

class _WindowAggregate(_Aggregate, Protocol):
    def inverse(self, *args: Any) -> object: ...
    def value(self) -> _SqliteData: ...

# ---- exceptions: each also a subclass of the standard library's ----

class Warning(sqlite3.Warning):
    sqlite_errorcode: int
    sqlite_errorname: str

class Error(sqlite3.Error):
    sqlite_errorcode: int
    sqlite_errorname: str

class InterfaceError(Error, sqlite3.InterfaceError): ...
class DatabaseError(Error, sqlite3.DatabaseError): ...
class DataError(DatabaseError, sqlite3.DataError): ...
class OperationalError(DatabaseError, sqlite3.OperationalError): ...
class IntegrityError(DatabaseError, sqlite3.IntegrityError): ...
class InternalError(DatabaseError, sqlite3.InternalError): ...
class ProgrammingError(DatabaseError, sqlite3.ProgrammingError): ...
class NotSupportedError(DatabaseError, sqlite3.NotSupportedError): ...

# ---- classes ----

class PrepareProtocol:
    def __new__(cls) -> Self: ...

class Row(Sequence[Any]):
    def __new__(cls, cursor: Cursor, data: tuple[Any, ...], /) -> Self: ...
    def keys(self) -> list[str]: ...
    @overload
    def __getitem__(self, key: int | str, /) -> Any: ...
    @overload
    def __getitem__(self, key: slice, /) -> tuple[Any, ...]: ...
    def __hash__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    # These return NotImplemented for anything but == and !=.
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __lt__(self, value: object, /) -> bool: ...
    def __le__(self, value: object, /) -> bool: ...
    def __gt__(self, value: object, /) -> bool: ...
    def __ge__(self, value: object, /) -> bool: ...

@final
class Blob:
    def close(self) -> None: ...
    def read(self, length: int = -1, /) -> bytes: ...
    def write(self, data: Buffer, /) -> None: ...
    def seek(self, offset: int, origin: int = 0, /) -> None: ...
    def tell(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, type: object, value: object, traceback: object, /) -> Literal[False]: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> bytes: ...
    @overload
    def __setitem__(self, key: SupportsIndex, value: int, /) -> None: ...
    @overload
    def __setitem__(self, key: slice, value: Buffer, /) -> None: ...

class Cursor:
    arraysize: int
    row_factory: _RowFactory | None
    @property
    def connection(self) -> Connection: ...
    @property
    def description(self) -> tuple[tuple[str, None, None, None, None, None, None], ...] | Any: ...
    @property
    def lastrowid(self) -> int | None: ...
    @property
    def rowcount(self) -> int: ...
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def __init__(self, connection: Connection, /) -> None: ...
    def close(self) -> None: ...
    def execute(self, sql: str, parameters: _Parameters = (), /) -> Self: ...
    def executemany(self, sql: str, parameters: Iterable[_Parameters], /) -> Self: ...
    def executescript(self, sql_script: str, /) -> Cursor: ...
    def batch_insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchmany(self, size: int | None = None) -> list[Any]: ...
    def fetchall(self) -> list[Any]: ...
    def setinputsizes(self, sizes: object, /) -> None: ...
    def setoutputsize(self, size: object, column: object = None, /) -> None: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> Any: ...

class Connection:
    Warning: ClassVar[type[Warning]]
    Error: ClassVar[type[Error]]
    InterfaceError: ClassVar[type[InterfaceError]]
    DatabaseError: ClassVar[type[DatabaseError]]
    DataError: ClassVar[type[DataError]]
    OperationalError: ClassVar[type[OperationalError]]
    IntegrityError: ClassVar[type[IntegrityError]]
    InternalError: ClassVar[type[InternalError]]
    ProgrammingError: ClassVar[type[ProgrammingError]]
    NotSupportedError: ClassVar[type[NotSupportedError]]

    # True, False or LEGACY_TRANSACTION_CONTROL
    autocommit: int
    # str or None; any case is taken
    isolation_level: str | None
    row_factory: Any
    text_factory: Any
    @property
    def in_transaction(self) -> bool: ...
    @property
    def total_changes(self) -> int: ...
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def __init__(
        self,
        database: str | bytes | PathLike[str] | PathLike[bytes],
        timeout: float = 5.0,
        detect_types: int = 0,
        isolation_level: _IsolationLevel = "",
        check_same_thread: bool = True,
        factory: type[Connection] | None = ...,
        cached_statements: int = 128,
        uri: bool = False,
        *,
        autocommit: bool | Literal[-1] = -1,
        heliosdb_mode: Literal["embedded", "advanced", "server", "hybrid"] = "embedded",
        mode: Literal["embedded", "daemon", "hybrid"] | None = None,
        dsn: str | None = None,
        port: int | None = None,
        branch: str | None = None,
        encryption_key: str | bytes | None = None,
        enable_vector_search: bool = False,
        enable_time_travel: bool = False,
        enable_branching: bool = False,
        enable_cache: bool = False,
        cache_size_mb: int | None = None,
    ) -> None: ...
    def __call__(self, sql: str, /) -> object: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, type: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> Literal[False]: ...
    @overload
    def cursor(self, factory: None = None) -> Cursor: ...
    @overload
    def cursor(self, factory: Callable[[Connection], _CursorT]) -> _CursorT: ...
    def execute(self, sql: str, parameters: _Parameters = (), /) -> Cursor: ...
    def executemany(self, sql: str, parameters: Iterable[_Parameters], /) -> Cursor: ...
    def executescript(self, sql_script: str, /) -> Cursor: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def close(self) -> None: ...
    def interrupt(self) -> None: ...
    def create_function(
        self, name: str, narg: int, func: Callable[..., _SqliteData], /, *, deterministic: bool = False
    ) -> None: ...
    def create_aggregate(self, name: str, n_arg: int, aggregate_class: Callable[[], _Aggregate], /) -> None: ...
    def create_window_function(
        self, name: str, num_params: int, aggregate_class: Callable[[], _WindowAggregate] | None, /
    ) -> None: ...
    def create_collation(self, name: str, callback: Callable[[str, str], int] | None, /) -> None: ...
    def set_authorizer(
        self, authorizer_callback: Callable[[int, str | None, str | None, str | None, str | None], int] | None, /
    ) -> None: ...
    def set_progress_handler(self, progress_handler: Callable[[], object] | None, /, n: int) -> None: ...
    def set_trace_callback(self, trace_callback: Callable[[str], object] | None, /) -> None: ...
    def enable_load_extension(self, enable: bool, /) -> None: ...
    def load_extension(self, name: str, /, *, entrypoint: str | None = None) -> None: ...
    def iterdump(self, *, filter: str | None = None) -> Iterator[str]: ...
    def backup(
        self,
        target: Connection,
        *,
        pages: int = -1,
        progress: Callable[[int, int, int], object] | None = None,
        name: str = "main",
        sleep: float = 0.25,
    ) -> None: ...
    def blobopen(
        self, table: str, column: str, row: int, /, *, readonly: bool = False, name: str = "main"
    ) -> Blob: ...
    def serialize(self, *, name: str = "main") -> bytes: ...
    def deserialize(self, data: Buffer | str, /, *, name: str = "main") -> None: ...
    def getlimit(self, category: int, /) -> int: ...
    def setlimit(self, category: int, limit: int, /) -> int: ...
    def getconfig(self, op: int, /) -> bool: ...
    def setconfig(self, op: int, enable: bool = True, /) -> None: ...

# ---- functions ----

@overload
def connect(
    database: str | bytes | PathLike[str] | PathLike[bytes],
    timeout: float = 5.0,
    detect_types: int = 0,
    isolation_level: _IsolationLevel = "",
    check_same_thread: bool = True,
    cached_statements: int = 128,
    uri: bool = False,
    *,
    autocommit: bool | Literal[-1] = -1,
    heliosdb_mode: Literal["embedded", "advanced", "server", "hybrid"] = "embedded",
    mode: Literal["embedded", "daemon", "hybrid"] | None = None,
    dsn: str | None = None,
    port: int | None = None,
    branch: str | None = None,
    encryption_key: str | bytes | None = None,
    enable_vector_search: bool = False,
    enable_time_travel: bool = False,
    enable_branching: bool = False,
    enable_cache: bool = False,
    cache_size_mb: int | None = None,
) -> Connection: ...
@overload
def connect(
    database: str | bytes | PathLike[str] | PathLike[bytes],
    timeout: float = 5.0,
    detect_types: int = 0,
    isolation_level: _IsolationLevel = "",
    check_same_thread: bool = True,
    *,
    factory: Callable[..., _ConnectionT],
    cached_statements: int = 128,
    uri: bool = False,
    autocommit: bool | Literal[-1] = -1,
    heliosdb_mode: Literal["embedded", "advanced", "server", "hybrid"] = "embedded",
    mode: Literal["embedded", "daemon", "hybrid"] | None = None,
    dsn: str | None = None,
    port: int | None = None,
    branch: str | None = None,
    encryption_key: str | bytes | None = None,
    enable_vector_search: bool = False,
    enable_time_travel: bool = False,
    enable_branching: bool = False,
    enable_cache: bool = False,
    cache_size_mb: int | None = None,
) -> _ConnectionT: ...
def complete_statement(statement: str) -> bool: ...
def enable_callback_tracebacks(enable: bool, /) -> None: ...
def enable_shared_cache(do_enable: int) -> None: ...
def register_adapter(type: type[_T], adapter: Callable[[_T], _SqliteData], /) -> None: ...
def register_converter(typename: str, converter: Callable[[bytes], Any], /) -> None: ...
def adapt(obj: Any, proto: Any = ..., alt: Any = ..., /) -> Any: ...

# ---- data ----

adapters: dict[tuple[type[Any], type[Any]], Callable[[Any], _SqliteData]]
converters: dict[str, Callable[[bytes], Any]]
sqlite_version: str
_engine_version: str
_defaults_deprecated: bool
_threadsafety_is_one: bool
_optimized_unicode_exists: bool
_dump_checks_foreign_keys: bool

PARSE_DECLTYPES: int
PARSE_COLNAMES: int
LEGACY_TRANSACTION_CONTROL: int
SQLITE_ABORT: int
SQLITE_ABORT_ROLLBACK: int
SQLITE_ALTER_TABLE: int
SQLITE_ANALYZE: int
SQLITE_ATTACH: int
SQLITE_AUTH: int
SQLITE_AUTH_USER: int
SQLITE_BUSY: int
SQLITE_BUSY_RECOVERY: int
SQLITE_BUSY_SNAPSHOT: int
SQLITE_BUSY_TIMEOUT: int
SQLITE_CANTOPEN: int
SQLITE_CANTOPEN_CONVPATH: int
SQLITE_CANTOPEN_DIRTYWAL: int
SQLITE_CANTOPEN_FULLPATH: int
SQLITE_CANTOPEN_ISDIR: int
SQLITE_CANTOPEN_NOTEMPDIR: int
SQLITE_CANTOPEN_SYMLINK: int
SQLITE_CONSTRAINT: int
SQLITE_CONSTRAINT_CHECK: int
SQLITE_CONSTRAINT_COMMITHOOK: int
SQLITE_CONSTRAINT_FOREIGNKEY: int
SQLITE_CONSTRAINT_FUNCTION: int
SQLITE_CONSTRAINT_NOTNULL: int
SQLITE_CONSTRAINT_PINNED: int
SQLITE_CONSTRAINT_PRIMARYKEY: int
SQLITE_CONSTRAINT_ROWID: int
SQLITE_CONSTRAINT_TRIGGER: int
SQLITE_CONSTRAINT_UNIQUE: int
SQLITE_CONSTRAINT_VTAB: int
SQLITE_CORRUPT: int
SQLITE_CORRUPT_INDEX: int
SQLITE_CORRUPT_SEQUENCE: int
SQLITE_CORRUPT_VTAB: int
SQLITE_CREATE_INDEX: int
SQLITE_CREATE_TABLE: int
SQLITE_CREATE_TEMP_INDEX: int
SQLITE_CREATE_TEMP_TABLE: int
SQLITE_CREATE_TEMP_TRIGGER: int
SQLITE_CREATE_TEMP_VIEW: int
SQLITE_CREATE_TRIGGER: int
SQLITE_CREATE_VIEW: int
SQLITE_CREATE_VTABLE: int
SQLITE_DBCONFIG_DEFENSIVE: int
SQLITE_DBCONFIG_DQS_DDL: int
SQLITE_DBCONFIG_DQS_DML: int
SQLITE_DBCONFIG_ENABLE_FKEY: int
SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER: int
SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION: int
SQLITE_DBCONFIG_ENABLE_QPSG: int
SQLITE_DBCONFIG_ENABLE_TRIGGER: int
SQLITE_DBCONFIG_ENABLE_VIEW: int
SQLITE_DBCONFIG_LEGACY_ALTER_TABLE: int
SQLITE_DBCONFIG_LEGACY_FILE_FORMAT: int
SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE: int
SQLITE_DBCONFIG_RESET_DATABASE: int
SQLITE_DBCONFIG_TRIGGER_EQP: int
SQLITE_DBCONFIG_TRUSTED_SCHEMA: int
SQLITE_DBCONFIG_WRITABLE_SCHEMA: int
SQLITE_DELETE: int
SQLITE_DENY: int
SQLITE_DETACH: int
SQLITE_DONE: int
SQLITE_DROP_INDEX: int
SQLITE_DROP_TABLE: int
SQLITE_DROP_TEMP_INDEX: int
SQLITE_DROP_TEMP_TABLE: int
SQLITE_DROP_TEMP_TRIGGER: int
SQLITE_DROP_TEMP_VIEW: int
SQLITE_DROP_TRIGGER: int
SQLITE_DROP_VIEW: int
SQLITE_DROP_VTABLE: int
SQLITE_EMPTY: int
SQLITE_ERROR: int
SQLITE_ERROR_MISSING_COLLSEQ: int
SQLITE_ERROR_RETRY: int
SQLITE_ERROR_SNAPSHOT: int
SQLITE_FORMAT: int
SQLITE_FULL: int
SQLITE_FUNCTION: int
SQLITE_IGNORE: int
SQLITE_INSERT: int
SQLITE_INTERNAL: int
SQLITE_INTERRUPT: int
SQLITE_IOERR: int
SQLITE_IOERR_ACCESS: int
SQLITE_IOERR_AUTH: int
SQLITE_IOERR_BEGIN_ATOMIC: int
SQLITE_IOERR_BLOCKED: int
SQLITE_IOERR_CHECKRESERVEDLOCK: int
SQLITE_IOERR_CLOSE: int
SQLITE_IOERR_COMMIT_ATOMIC: int
SQLITE_IOERR_CONVPATH: int
SQLITE_IOERR_CORRUPTFS: int
SQLITE_IOERR_DATA: int
SQLITE_IOERR_DELETE: int
SQLITE_IOERR_DELETE_NOENT: int
SQLITE_IOERR_DIR_CLOSE: int
SQLITE_IOERR_DIR_FSYNC: int
SQLITE_IOERR_FSTAT: int
SQLITE_IOERR_FSYNC: int
SQLITE_IOERR_GETTEMPPATH: int
SQLITE_IOERR_LOCK: int
SQLITE_IOERR_MMAP: int
SQLITE_IOERR_NOMEM: int
SQLITE_IOERR_RDLOCK: int
SQLITE_IOERR_READ: int
SQLITE_IOERR_ROLLBACK_ATOMIC: int
SQLITE_IOERR_SEEK: int
SQLITE_IOERR_SHMLOCK: int
SQLITE_IOERR_SHMMAP: int
SQLITE_IOERR_SHMOPEN: int
SQLITE_IOERR_SHMSIZE: int
SQLITE_IOERR_SHORT_READ: int
SQLITE_IOERR_TRUNCATE: int
SQLITE_IOERR_UNLOCK: int
SQLITE_IOERR_VNODE: int
SQLITE_IOERR_WRITE: int
SQLITE_LIMIT_ATTACHED: int
SQLITE_LIMIT_COLUMN: int
SQLITE_LIMIT_COMPOUND_SELECT: int
SQLITE_LIMIT_EXPR_DEPTH: int
SQLITE_LIMIT_FUNCTION_ARG: int
SQLITE_LIMIT_LENGTH: int
SQLITE_LIMIT_LIKE_PATTERN_LENGTH: int
SQLITE_LIMIT_SQL_LENGTH: int
SQLITE_LIMIT_TRIGGER_DEPTH: int
SQLITE_LIMIT_VARIABLE_NUMBER: int
SQLITE_LIMIT_VDBE_OP: int
SQLITE_LIMIT_WORKER_THREADS: int
SQLITE_LOCKED: int
SQLITE_LOCKED_SHAREDCACHE: int
SQLITE_LOCKED_VTAB: int
SQLITE_MISMATCH: int
SQLITE_MISUSE: int
SQLITE_NOLFS: int
SQLITE_NOMEM: int
SQLITE_NOTADB: int
SQLITE_NOTFOUND: int
SQLITE_NOTICE: int
SQLITE_NOTICE_RECOVER_ROLLBACK: int
SQLITE_NOTICE_RECOVER_WAL: int
SQLITE_OK: int
SQLITE_OK_LOAD_PERMANENTLY: int
SQLITE_OK_SYMLINK: int
SQLITE_PERM: int
SQLITE_PRAGMA: int
SQLITE_PROTOCOL: int
SQLITE_RANGE: int
SQLITE_READ: int
SQLITE_READONLY: int
SQLITE_READONLY_CANTINIT: int
SQLITE_READONLY_CANTLOCK: int
SQLITE_READONLY_DBMOVED: int
SQLITE_READONLY_DIRECTORY: int
SQLITE_READONLY_RECOVERY: int
SQLITE_READONLY_ROLLBACK: int
SQLITE_RECURSIVE: int
SQLITE_REINDEX: int
SQLITE_ROW: int
SQLITE_SAVEPOINT: int
SQLITE_SCHEMA: int
SQLITE_SELECT: int
SQLITE_TOOBIG: int
SQLITE_TRANSACTION: int
SQLITE_UPDATE: int
SQLITE_WARNING: int
SQLITE_WARNING_AUTOINDEX: int
