"""Takes webhooks and keeps each event once in SQLite, also when it comes twice.

SECRETS="whsec_..." python receive.py 9000 events.db      # while rotating: "whsec_new whsec_old"
"""

import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from throughline import webhooks

SECRETS = os.environ["SECRETS"].split()
MOST_BYTES = 512 * 1024
TABLE = "create table if not exists events (id primary key, event)"


class Receiver(BaseHTTPRequestHandler):
    timeout = 10

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length <= MOST_BYTES else b""
        try:
            webhooks.verify(self.headers, body, *SECRETS)
        except webhooks.NotGenuine:
            return self.answer(401)
        self.keep(self.headers["webhook-id"], body.decode())
        return self.answer(204)

    def keep(self, id, event):
        """On disk before it is answered; what is there already is answered in the same way."""
        with self.server.db as db:
            db.execute("insert or ignore into events values (?, ?)", (id, event))

    def answer(self, status):
        self.send_response(status)
        self.end_headers()


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    server.db = sqlite3.connect(sys.argv[2])
    server.db.execute(TABLE)
    server.serve_forever()
