"""How everybody opens MongoDB: concerns set explicitly, decimals exact, times with a zone.

Clients are made after fork, one per process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.decimal128 import Decimal128
from pymongo import MongoClient, ReadPreference
from pymongo.cursor import Cursor
from pymongo.database import Database
from pymongo.errors import CollectionInvalid, ConnectionFailure, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

Document = dict[str, Any]
Client = MongoClient[Document]
Db = Database[Document]

MAJORITY = WriteConcern(w="majority", j=True, wtimeout=10_000)
"""Acknowledged means durable. The time-out turns a lost majority into an error, not a hang."""

MAX_TIME_MS = 5_000
"""No read of a web process may run longer than this."""

_NAMESPACE_EXISTS = 48
_TRANSIENT_CODES = frozenset({6, 7, 24, 89, 91, 112, 189, 251, 262, 9001, 10107, 11600, 11602})
"""Network, shutdown, stepdown, lock and write conflicts: all pass by themselves."""


class Readable(Protocol):
    """What reads documents: a collection, whole or as far as somebody reaches."""

    def find(self, filter: Mapping[str, Any], /, *args: Any, **kwargs: Any) -> Cursor[Document]: ...

    def find_one(
        self, filter: Mapping[str, Any], /, *args: Any, **kwargs: Any
    ) -> Document | None: ...


class _DecimalCodec(TypeCodec):
    """Decimal in Python, Decimal128 in MongoDB: sums stay exact to the cent."""

    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Any) -> Any:
        return Decimal128(value)

    def transform_bson(self, value: Any) -> Any:
        return value.to_decimal()


CODEC: CodecOptions[Document] = CodecOptions(
    tz_aware=True, type_registry=TypeRegistry([_DecimalCodec()])
)

JSON_CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True)
"""For documents without decimals, such as commits: decoding asks nothing about each value."""


def connect(uri: str, name: str) -> Client:
    """`name` shows in the server's logs and in `currentOp`."""
    return MongoClient(
        uri,
        appname=name,
        w="majority",
        journal=True,
        wtimeoutms=10_000,
        readconcernlevel="majority",
        retryWrites=True,
        tz_aware=True,
        serverSelectionTimeoutMS=5_000,
        connectTimeoutMS=3_000,
        socketTimeoutMS=30_000,
        maxPoolSize=64,
    )


def database(client: Client, name: str) -> Db:
    return client.get_database(
        name,
        codec_options=CODEC,
        read_preference=ReadPreference.PRIMARY,
        write_concern=MAJORITY,
        read_concern=ReadConcern("majority"),
    )


def ensure_collections(db: Db, names: Iterable[str]) -> None:
    """Makes the collections that are missing; several processes may do so at once."""
    for name in set(names) - set(db.list_collection_names()):
        try:
            db.create_collection(name)
        except CollectionInvalid:
            """It has come to be meanwhile."""
        except OperationFailure as error:
            if error.code != _NAMESPACE_EXISTS:
                raise


def is_transient(error: PyMongoError) -> bool:
    """Whether the same call may succeed a moment later, on this or the next primary."""
    if isinstance(error, ConnectionFailure):
        return True
    if error.has_error_label("TransientTransactionError") or error.has_error_label(
        "RetryableWriteError"
    ):
        return True
    return isinstance(error, OperationFailure) and error.code in _TRANSIENT_CODES
