# SPDX-License-Identifier: Apache-2.0
"""linmo studio and clients that mean no good or know no better: thousands of strange requests, slow, broken and huge ones."""

import http.client
import json
import os
import random
import socket
import unittest
import urllib.parse

import support
from openapi_client import Description
from studio_test import MODEL, OTHER, WithStudio, look
from support import make_folder, make_picture, needs_command


@needs_command("studio")
class Strangers(WithStudio):
    def test_ten_thousand_strange_requests(self):
        """Half of them words at random, half made from the description of the API, right and nearly right."""
        rng = random.Random(7)
        file = make_picture(self.dir / "a.png", 24, 24)
        picture = self.studio.upload(file)["id"]
        jobs = [self.studio.begin(kind="stylise", pictures=[picture], **look(MODEL))]
        self.studio.wait(jobs[0])
        make_folder(self.allowed / "few", 2, width=32, height=32)
        known = {"picture": [picture], "model": [MODEL, OTHER, "video-to-ukiyoe"], "job": jobs, "folder": [str(self.allowed / "few")],
                 "path": [str(self.allowed / "few"), str(self.allowed)], "source": [str(self.allowed / "few")], "blend": [look(MODEL)["blend"]]}
        description = Description((support.ROOT / "docs/openapi.json").read_text(), known, rng)
        words = ["pictures", "models", "jobs", "runs", "folders", "collections", "studies", "session", "preview", "check", "works",
                 "results", "stats", "samples", "card.jpg", "export", "thumbnail", "..", "%2e%2e", "%00", "%ff", "%", "a" * 300, MODEL, "山"]
        values = [None, True, -1, 1e308, "", "x", [], {}, [[]] * 3, {"folder": "/etc"}, {"pictures": ["x"]}, "../x", MODEL]
        keys = ["kind", "name", "blend", "strength", "pictures", "picture", "size", "path", "content", "style", "method", "sources", "collections"]

        def at_random():
            path = "/".join(rng.choice(words) for _ in range(rng.randint(1, 4)))
            if rng.random() < 0.3:
                path += "?" + "&".join(f"{rng.choice(['size', 'name', 'path', 'after', 'limit', 'format'])}={rng.choice(words)}" for _ in range(2))
            body = None
            if rng.random() < 0.5:
                request = {rng.choice(keys): rng.choice(values) for _ in range(rng.randint(0, 5))}
                if rng.random() < 0.5:
                    request["kind"] = rng.choice(["stylise", "train", "collect", "compare"])
                body = json.dumps(request).encode() if rng.random() < 0.8 else rng.randbytes(rng.randint(0, 200))
            return rng.choice(["GET", "POST", "POST", "DELETE", "PATCH", "PUT", "HEAD"]), "/" + urllib.parse.quote(path, safe="/?&=%"), body, None

        connection = http.client.HTTPConnection("127.0.0.1", self.studio.port, timeout=60)
        seen, worked = set(), set()
        for number in range(10_000):
            method, path, body, operation = description.request() if number % 2 else at_random()
            # Answered without an end.
            if path.startswith("/events"):
                continue
            try:
                connection.request(method, "/api/v1" + path, body, {"Authorization": f"Bearer {self.studio.token}"})
                response = connection.getresponse()
                answer = response.read()
            except (http.client.HTTPException, ConnectionError):
                connection.close()
                connection = http.client.HTTPConnection("127.0.0.1", self.studio.port, timeout=60)
                continue
            seen.add(response.status)
            self.assertLess(response.status, 500, (method, path, body, answer))
            if operation:
                kind = response.headers.get("Content-Type", "")
                self.assertEqual(description.mismatch(operation, response.status, kind, answer), "", (method, path, body, answer))
                if response.status < 300:
                    worked.add((method, operation["summary"]))
                if method == "DELETE" and response.status == 204:  # made again, so that there is something to ask for
                    self.assertEqual(self.studio.upload(file)["id"], picture)
                if operation["summary"] == "Queue a job" and response.status == 202:
                    jobs[0] = json.loads(answer)["id"]
                    # What runs for minutes is not waited for.
                    self.studio.ask("POST", f"/api/v1/jobs/{jobs[0]}/cancel")
        connection.close()
        self.assertTrue({200, 202, 204, 400, 404, 405} <= seen, seen)
        self.assertGreater(len(worked), 12, worked)
        self.assertIsNone(self.studio.process.poll())
        self.assertEqual(self.studio.get("/session")["version"][0], "0")

    def test_slow_broken_and_huge(self):
        idle = [socket.create_connection(("127.0.0.1", self.studio.port)) for _ in range(60)]
        for number, one in enumerate(idle):
            one.sendall(b"POST /api/v1/pictures HTTP/1.1\r\nHost: 127"[: 5 + number % 30])
        raw = lambda text: self.raw(text.replace("AUTH", f"Host: 127.0.0.1:{self.studio.port}\r\nAuthorization: Bearer {self.studio.token}"))
        self.assertIn(b" 413 ", raw("POST /api/v1/pictures HTTP/1.1\r\nAUTH\r\nContent-Length: 99999999999\r\n\r\n"))
        self.assertIn(b" 413 ", raw("POST /api/v1/jobs HTTP/1.1\r\nAUTH\r\nContent-Length: 2000000\r\n\r\n"))
        self.assertIn(b" 400 ", raw("nonsense\r\n\r\n"))
        self.assertIn(b" 400 ", raw("GET http://127.0.0.1/ HTTP/1.1\r\nAUTH\r\n\r\n"))
        self.assertIn(b" 400 ", raw("GET / HTTP/1.1\r\nX: " + "y" * 20_000 + "\r\n\r\n"))
        half = raw("POST /api/v1/pictures?name=a.png HTTP/1.1\r\nAUTH\r\nContent-Length: 1000\r\n\r\nabc")  # then half-closed
        self.assertEqual(half, b"")
        self.assertEqual(os.listdir(self.dir / "data/incoming"), [])
        self.assertIn(b" 100 ", raw("POST /api/v1/jobs HTTP/1.1\r\nAUTH\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"))
        deep = self.studio.ask("POST", "/api/v1/jobs", b"[" * 100_000)
        self.assertRefused(deep, 400, "json")
        self.assertEqual(self.studio.get("/session")["version"][0], "0")
        for one in idle:
            one.close()

    def test_hundreds_who_say_nothing_shut_nobody_out(self):
        silent = []
        for _ in range(400):
            silent.append(socket.create_connection(("127.0.0.1", self.studio.port)))
            silent[-1].sendall(b"GET /api/v1/session HTTP/1.1\r\nHost: 127")
        self.assertEqual(self.studio.get("/session")["version"][0], "0")
        for one in silent:
            one.close()

    def raw(self, text):
        with socket.create_connection(("127.0.0.1", self.studio.port), timeout=20) as connection:
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
            heard = b""
            try:
                while piece := connection.recv(65536):
                    heard += piece
            except ConnectionError:
                pass
            return heard


if __name__ == "__main__":
    unittest.main()
