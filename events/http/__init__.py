"""The HTTP manners that all services share: routes, commands, reads, errors, health, metrics.

A service's `api/` needs no more than what is named here.
"""

from events.http.api import create_app, openapi_document
from events.http.commands import answer_change, answer_create, answer_either, answer_job
from events.http.health import Health, serve_health
from events.http.paging import Page, Sort, page_of
from events.http.params import Moment, PageParams, Params, Sorted, Whole
from events.http.problem import Problem
from events.http.routes import Routes
from events.http.runtime import Runtime, Views, views
from events.http.states import stream_routes
from events.http.timeline import timeline_routes

__all__ = [
    "Health",
    "Moment",
    "Page",
    "PageParams",
    "Params",
    "Problem",
    "Routes",
    "Runtime",
    "Sort",
    "Sorted",
    "Views",
    "Whole",
    "answer_change",
    "answer_create",
    "answer_either",
    "answer_job",
    "create_app",
    "openapi_document",
    "page_of",
    "serve_health",
    "stream_routes",
    "timeline_routes",
    "views",
]
