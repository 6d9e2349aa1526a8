"""How services declare their HTTP API: a `Routes` blueprint, one decorator a kind of operation.

    orders = Routes("orders", "/v1/orders")

    @orders.create("", PlaceOrderBody, right="order.work")
    @orders.command("/<id:order_id>/complete", right="order.work")
    @orders.query("/<id:order_id>", OrderAnswer, right="order.read")
    @pools.either("/<id:pool_id>/sellers", SellerBody, right="pool.manage")
    @runs.job("", RunBody, RunAnswer, right="policy.publish")
    @hooks.act("/<id:hook_id>/test", OutcomeAnswer, right="subscription.manage")

Each takes a right of the table in events/access/rights.py, without which nobody gets in (but for
`public`, which says why it needs none), documents its operation for OpenAPI and reads what it needs
from the request: `body` for commands with a schema, `params` for queries with a schema. The
operation's id is the function's name in camelCase, its summary and description come from the
docstring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import flask_smorest
from flask import Response
from marshmallow import Schema, fields

from events.http.body import BodyReader, NoBody
from events.http.commands import CommandAnswer
from events.http.consistency import wait_for_tokens
from events.http.encoding import public, to_json
from events.http.guard import PUBLIC, RIGHT, enter, may
from events.http.masking import PERSONAL, Mask, mask_of, note_access
from events.http.paging import Page
from events.http.params import Params, ParamsReader
from events.http.runtime import runtime

View = Callable[..., Any]

_COMMAND_HEADERS = ["XCorrelationId", "XCausationId", "IdempotencyKey"]
_QUERY_HEADERS = ["XCorrelationId", "ConsistencyToken", "Prefer"]
_DONE = ["ETag", "ConsistencyToken", "IdempotencyReplayed"]
_SENT = {200: _DONE, 201: [*_DONE, "Location"], 202: ["Location"]}
"""Headers of a command's answer by its status."""
_MEANS = {200: "Done", 201: "Created", 202: "Started"}


class Routes(flask_smorest.Blueprint):  # type: ignore[misc]
    """A blueprint whose operations all have the manners of this platform."""

    def __init__(self, name: str, prefix: str, *, description: str = "") -> None:
        super().__init__(name, name, url_prefix=prefix, description=description)

    def create(
        self,
        rule: str,
        body: type[Schema] | None = None,
        *,
        right: str,
        answer: type[Schema] = CommandAnswer,
    ) -> Callable[[View], View]:
        """POST that makes an aggregate. The view takes `body` and returns `answer_create(…)`."""
        return self._command(rule, body, 201, [*_COMMAND_HEADERS], right, answer)

    def command(
        self,
        rule: str,
        body: type[Schema] | None = None,
        *,
        right: str,
        answer: type[Schema] = CommandAnswer,
    ) -> Callable[[View], View]:
        """POST to an existing aggregate. The view returns `answer_change(…)`."""
        return self._command(rule, body, 200, ["IfMatch", *_COMMAND_HEADERS], right, answer)

    def either(
        self, rule: str, body: type[Schema] | None = None, *, right: str
    ) -> Callable[[View], View]:
        """POST to an aggregate that need not exist. The view returns `answer_either(…)`."""
        return self._command(rule, body, 200, ["IfMatchOptional", *_COMMAND_HEADERS], right)

    def job(
        self, rule: str, body: type[Schema], answer: type[Schema], *, right: str
    ) -> Callable[[View], View]:
        """POST that starts what takes longer. The view returns `answer_job(…)`: 202, `Location`."""
        return self._command(rule, body, 202, [*_COMMAND_HEADERS], right, answer)

    def act(
        self, rule: str, answer: type[Schema], body: type[Schema] | None = None, *, right: str
    ) -> Callable[[View], View]:
        """POST that does at once what is no event and may be repeated. The view returns what came
        of it as a `Response`."""
        return self._command(rule, body, 200, ["XCorrelationId"], right, answer, sent=())

    def query(
        self,
        rule: str,
        answer: type[Schema],
        params: type[Schema] | None = None,
        *,
        right: str,
        many: bool = False,
        tagged: bool = False,
        text: str | None = None,
    ) -> Callable[[View], View]:
        """GET. The view takes `params` and returns a document, or with `many` a `Page`.

        `tagged`: the document's `version` is its aggregate's, and becomes the ETag.
        `text`: another media type, in which the view may answer by a `Response` of its own.
        """
        reader = ParamsReader(params or Params)
        mask = mask_of(answer)

        def declare(view: View) -> View:
            @wraps(view)
            def call(**path: Any) -> Response:
                enter(right)
                given = reader.read()
                with runtime().views.one_version():
                    freshness = wait_for_tokens()
                    outcome = view(**path, params=given) if params else view(**path)
                response = _answer(outcome, mask, tagged=tagged)
                note_access(response, mask, view.__name__, path)
                if freshness is not None:
                    freshness.mark(response)
                return response

            schema = _page_schema(answer) if many else answer
            headers = ["Consistency", *(["ETag"] if tagged else [])]
            operation = _operation(view, [*_QUERY_HEADERS], 200, schema, headers)
            if params:
                operation["parameters"].append({"in": "query", "schema": params})
            if text:
                operation["responses"]["200"]["content"][text] = {"schema": {"type": "string"}}
            return self._declare("GET", rule, view, call, operation, right)

        return declare

    def public(
        self, rule: str, answer: type[Schema], *, why: str, text: str | None = None
    ) -> Callable[[View], View]:
        """GET that asks nobody who he is; `why` says what guards it instead.

        Nothing is in reach of such a request, so `views()` does not work in it; and nothing is
        masked. The view returns a `Response` of its own.
        """
        assert why, "say why"

        def declare(view: View) -> View:
            @wraps(view)
            def call(**path: Any) -> Any:
                return view(**path)

            operation = _operation(view, ["XCorrelationId"], 200, answer, [])
            operation["security"] = []
            operation["x-public"] = why
            if text:
                operation["responses"]["200"]["content"][text] = {"schema": {"type": "string"}}
            setattr(call, PUBLIC, why)
            return self._register("GET", rule, view, call, operation)

        return declare

    def _command(
        self,
        rule: str,
        body: type[Schema] | None,
        status: int,
        headers: list[str],
        right: str,
        answer: type[Schema] = CommandAnswer,
        sent: Sequence[str] | None = None,
    ) -> Callable[[View], View]:
        reader = BodyReader(body or NoBody)

        def declare(view: View) -> View:
            @wraps(view)
            def call(**path: Any) -> Any:
                enter(right)
                given = reader.read()
                return view(**path, body=given) if body else view(**path)

            told = _SENT[status] if sent is None else sent
            operation = _operation(view, headers, status, answer, told)
            if body:
                content = {"application/json": {"schema": body}}
                operation["requestBody"] = {"required": reader.required, "content": content}
            return self._declare("POST", rule, view, call, operation, right)

        return declare

    def _declare(
        self, method: str, rule: str, view: View, call: View, operation: dict[str, Any], right: str
    ) -> View:
        """Registers the wrapped view; the name in the module stays the plain function."""
        operation["x-right"] = right
        setattr(call, RIGHT, right)
        return self._register(method, rule, view, call, operation)

    def _register(
        self, method: str, rule: str, view: View, call: View, operation: dict[str, Any]
    ) -> View:
        call._apidoc = {"manual_doc": operation}  # type: ignore[attr-defined]
        self.add_url_rule(rule, view.__name__, call, methods=[method])
        return view


def _answer(outcome: Any, mask: Mask, *, tagged: bool) -> Response:
    if isinstance(outcome, Response):
        return outcome
    shown = mask.identity if may(PERSONAL) else mask.masked
    if isinstance(outcome, Page):
        body: Mapping[str, Any] = {
            "items": [shown(public(item)) for item in outcome.items],
            "next_cursor": outcome.next_cursor,
        }
    else:
        body = shown(public(outcome))
    response = Response(to_json(body), content_type="application/json")
    if tagged and "version" in body:
        # For If-Match only. No 304s are made from it: a view also holds what other aggregates
        # contributed, and changes without this version.
        response.headers["ETag"] = f'"{body["version"]}"'
    return response


def _operation(
    view: View, parameters: list[Any], status: int, schema: type[Schema], headers: Sequence[str]
) -> dict[str, Any]:
    """The OpenAPI operation; names are references to components that `openapi.py` defines."""
    first, *others = view.__name__.split("_")
    refs = {
        _HEADER_NAMES.get(name, name): {"$ref": f"#/components/headers/{name}"} for name in headers
    }
    answer = {
        "description": _MEANS[status],
        "headers": refs,
        "content": {"application/json": {"schema": schema}},
    }
    return {
        "operationId": first + "".join(word.capitalize() for word in others),
        "parameters": list(parameters),
        "responses": {str(status): answer},
    }


_HEADER_NAMES = {
    "ConsistencyToken": "Consistency-Token",
    "IdempotencyReplayed": "Idempotency-Replayed",
}


def _page_schema(item: type[Schema]) -> type[Schema]:
    """`{items: [item], next_cursor}` under the item's name."""
    members: dict[str, Any] = {
        "items": fields.List(fields.Nested(item), required=True),
        "next_cursor": fields.String(required=True, allow_none=True),
    }
    return type(f"{item.__name__}Page", (Schema,), {**members, "__doc__": "One page of a list."})
