"""The baseline of commands: Flask + gunicorn + one durable `insert_one`, and nothing else."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Flask, jsonify, request
from gunicorn.app.base import BaseApplication
from pymongo import MongoClient


def make_app() -> Flask:
    app = Flask("bare")
    client: MongoClient[dict[str, Any]] = MongoClient(
        os.environ["MONGODB_URI"], w="majority", journal=True
    )
    orders = client["throughline_bench_bare"]["orders"]

    @app.post("/v1/orders")
    def place() -> Any:
        body = request.get_json()
        order_id = str(uuid.uuid4())
        orders.insert_one({"_id": order_id, "at": datetime.now(UTC), **body})
        return jsonify(id=order_id), 201

    return app


class Bare(BaseApplication):
    """The same gunicorn settings as a service's."""

    def load_config(self) -> None:
        settings = {
            "bind": f"127.0.0.1:{os.environ['THROUGHLINE_PORT']}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": 16,
            "keepalive": 75,
            "control_socket_disable": True,
            "loglevel": "warning",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return make_app()


if __name__ == "__main__":
    Bare().run()
