"""Identifiers in paths and headers: anything of another form is refused before it is looked for."""

from __future__ import annotations

from werkzeug.routing import BaseConverter

ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"
STREAM_PATTERN = r"[a-z][a-z0-9_]{0,59}-[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"


class IdConverter(BaseConverter):
    """`<id:order_id>`: an opaque identifier."""

    regex = ID_PATTERN


class StreamConverter(BaseConverter):
    """`<stream:stream>`: `<aggregate type>-<aggregate id>`."""

    regex = STREAM_PATTERN


CONVERTERS = {"id": IdConverter, "stream": StreamConverter}
