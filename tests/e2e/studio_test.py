# SPDX-License-Identifier: Apache-2.0
"""linmo studio through its API, as scripts use it and as attackers would: what it paints equals `linmo apply`,
nothing finished is lost when it is killed, and nobody gets in without the link."""

import concurrent.futures
import http.client
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest
import urllib.parse
import zipfile

import support
from support import DONE, FAILED, Case, has_command, make_folder, make_picture, needs_command, read_png
from apply_test import resnet_state

MODEL, OTHER = "photo-to-ukiyoe", "photo-to-impressionism"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Studio:
    """A running studio; a context manager that ends it."""

    def __init__(self, data, *args):
        self.data, self.args = data, args
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [support.LINMO, "studio", "--no-browser", "--data", str(self.data), *map(str, self.args)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=support.environment())
        said = ""
        for line in self.process.stdout:
            said += line
            found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\w+)", line)
            if found:
                self.port, self.token = int(found[1]), found[2]
                return
        raise AssertionError(f"no address: {said}")

    def ask(self, method, path, body=None, headers=None, token=True, timeout=120):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = dict(headers or {})
        if token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path):
        return self.ask("GET", "/api/v1" + path).json()

    def upload(self, file, name=None):
        with open(file, "rb") as content:
            answer = self.ask("POST", "/api/v1/pictures?name=" + urllib.parse.quote(name or os.path.basename(file)), content.read())
        assert answer.status == 201, answer.body
        return answer.json()

    def begin(self, **request):
        answer = self.ask("POST", "/api/v1/jobs", request)
        assert answer.status == 202, answer.body
        return answer.json()["id"]

    def wait(self, job, until=("done", "failed", "cancelled"), seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.get(f"/jobs/{job}")
            if state["state"] in until:
                return state
            time.sleep(0.05)
        raise AssertionError(f"still {state}")

    def result(self, job, number=0):
        return self.ask("GET", self.get(f"/jobs/{job}")["results"][number]["href"]).body

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()


def look(*models, strength=1, keep=False):
    return {"blend": [{"model": m, "weight": 1} for m in models], "strength": strength, "keepColour": keep}


class WithStudio(Case):
    def setUp(self):
        super().setUp()
        self.allowed = self.dir / "许可"
        self.allowed.mkdir()
        self.studio = Studio(self.dir / "data", "--allow", self.allowed)
        self.addCleanup(lambda: self.studio.__exit__())

    def assertRefused(self, answer, status, kind=None, says=""):
        self.assertEqual(answer.status, status, answer.body)
        error = answer.json()["error"]
        if kind:
            self.assertEqual(error["kind"], kind)
        self.assertIn(says, error["message"])


@needs_command("studio")
class Doors(WithStudio):
    def test_nobody_gets_in_without_the_link(self):
        ask = self.studio.ask
        self.assertRefused(ask("GET", "/api/v1/session", token=False), 401, "token")
        self.assertRefused(ask("GET", "/api/v1/session", headers={"Authorization": "Bearer " + "0" * 40}, token=False), 401)
        self.assertRefused(ask("GET", "/?token=" + "0" * 40, token=False), 401)
        self.assertRefused(ask("GET", "/api/v1/session", headers={"Host": "evil.example"}), 403, "host")
        self.assertRefused(ask("GET", "/api/v1/session", headers={"Host": f"evil.example:{self.studio.port}"}), 403, "host")
        self.assertRefused(ask("POST", "/api/v1/jobs", {}, {"Origin": "http://evil.example"}), 403, "origin")
        self.assertRefused(ask("GET", "/api/v1/session", headers={"Origin": "null"}), 403, "origin")

    def test_the_link_becomes_a_cookie(self):
        first = self.studio.ask("GET", "/?token=" + self.studio.token, token=False)
        self.assertEqual((first.status, first.headers["Location"]), (303, "/"))
        cookie = first.headers["Set-Cookie"]
        for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(part, cookie)
        self.assertNotIn(self.studio.token, cookie)
        with_it = {"Cookie": "a=b; " + cookie.split(";")[0]}
        session = self.studio.ask("GET", "/api/v1/session", headers=with_it, token=False)
        self.assertEqual(session.status, 200)
        self.assertEqual(session.json()["folders"], [str(self.allowed)])
        self.assertIn("default-src 'self'", session.headers["Content-Security-Policy"])
        self.assertIsNone(session.headers["Access-Control-Allow-Origin"])

    def test_only_loopback_is_listened_to(self):
        listening = subprocess.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"], capture_output=True, text=True).stdout
        places = re.findall(r": ([0-9A-F]+):%04X 0+:0000 0A" % self.studio.port, listening)
        self.assertEqual(places, ["0100007F"])

    def test_other_machines_need_a_password(self):
        password = self.dir / "密码.txt"
        password.write_text("short\n")
        everywhere = ("studio", "--no-browser", "--data", self.dir / "d3", "--listen", "0.0.0.0")
        self.fails(*everywhere, code=support.USAGE, says="--password-file")
        self.fails(*everywhere, "--password-file", password, code=support.USAGE, says="--host")
        self.fails(*everywhere, "--host", "studio.example", "--password-file", password, code=support.USAGE, says="10 characters")
        self.fails("studio", "--listen", "here", code=support.USAGE, says="address")
        password.write_text("correct horse\nand more")
        with Studio(self.dir / "d3", "--listen", "0.0.0.0", "--host", "studio.example", "--password-file", password) as studio:
            there = {"Host": f"studio.example:{studio.port}"}
            ask = lambda method, path, body=None, **headers: studio.ask(method, "/api/v1" + path, body, {**there, **headers}, token=False)
            self.assertRefused(ask("GET", "/session"), 401, "password")
            self.assertRefused(ask("POST", "/login", {"password": "wrong horse"}), 401, "password")
            self.assertRefused(ask("POST", "/login", {"password": "correct horse"}), 429)
            self.assertRefused(ask("POST", "/login", {"password": "correct horse"}, Origin="http://evil.example"), 403)
            time.sleep(1.1)
            cookie = ask("POST", "/login", {"password": "correct horse"}).headers["Set-Cookie"].split(";")[0]
            self.assertEqual(ask("GET", "/session", Cookie=cookie).status, 200)
            self.assertRefused(studio.ask("GET", "/api/v1/session", headers={"Cookie": cookie, "Host": "evil.example"}, token=False), 403)

    def test_one_studio_a_data_folder_and_a_clean_end(self):
        self.fails("studio", "--no-browser", "--data", self.dir / "data", code=FAILED, says="--data")
        self.fails("studio", "--no-browser", "--data", self.dir / "d2", "--port", self.studio.port, code=FAILED, says="--port")
        self.studio.upload(make_picture(self.dir / "a.png"))  # starts a worker
        children = subprocess.run(["pgrep", "-P", str(self.studio.process.pid)], capture_output=True, text=True).stdout.split()
        self.assertTrue(children)
        self.assertEqual(self.studio.stop(), DONE)
        for child in children:
            self.assertFalse(os.path.exists(f"/proc/{child}"))


@needs_command("studio")
class Pictures(WithStudio):
    def test_uploads_are_looked_at_and_kept_by_content(self):
        file = make_picture(self.dir / "山 水.png", 80, 60, channels=4)
        first = self.studio.upload(file)
        self.assertEqual({k: first[k] for k in ("name", "width", "height", "alpha", "format")},
                         {"name": "山 水.png", "width": 80, "height": 60, "alpha": True, "format": "PNG"})
        again = self.studio.upload(file, "../../copy.png")
        self.assertEqual((again["id"], again["name"]), (first["id"], "copy.png"))
        self.assertEqual(len(self.studio.get("/pictures")), 1)
        shown = self.studio.ask("GET", f"/api/v1/pictures/{first['id']}?size=32")
        self.assertEqual((shown.status, shown.headers["Content-Type"]), (200, "image/png"))
        self.assertEqual(self.studio.ask("DELETE", f"/api/v1/pictures/{first['id']}").status, 204)
        self.assertRefused(self.studio.ask("GET", f"/api/v1/pictures/{first['id']}"), 404)
        self.assertEqual(os.listdir(self.dir / "data/pictures"), [])

    def test_what_is_no_picture_is_refused_in_words_and_leaves_nothing(self):
        refused = self.studio.ask("POST", "/api/v1/pictures?name=a.txt", b"hello")
        self.assertRefused(refused, 422, says="a.txt")
        self.assertNotIn(str(self.dir), refused.json()["error"]["message"])
        self.assertRefused(self.studio.ask("POST", "/api/v1/pictures?name=a.txt", b""), 400)
        for file in support.bad_pictures(self.dir / "bad"):
            with self.subTest(file):
                answer = self.studio.ask("POST", "/api/v1/pictures?name=x.png", (self.dir / "bad" / file).read_bytes())
                self.assertIn(answer.status, (201, 400, 413, 422))  # some can be read in part, one is empty
        self.assertEqual(os.listdir(self.dir / "data/incoming"), [])

    def test_a_preview_and_what_can_be_wrong_with_one(self):
        picture = self.studio.upload(make_picture(self.dir / "a.png", 96, 64))
        ask = lambda **over: self.studio.ask("POST", "/api/v1/preview", {"picture": picture["id"], "size": 64, **look(MODEL), **over})
        self.assertEqual(ask().headers["Content-Type"], "image/jpeg")
        self.assertNotEqual(ask().body, ask(strength=0).body)
        self.assertRefused(ask(picture="nothing"), 404)
        self.assertRefused(ask(size=0), 400)
        self.assertRefused(ask(size="x"), 400)
        self.assertRefused(ask(strength=2), 400)
        self.assertRefused(ask(blend=[]), 400)
        self.assertRefused(ask(blend=[{"model": "../" + MODEL}]), 404)
        self.assertRefused(ask(blend=[{"model": "/etc/passwd"}]), 404)
        self.assertRefused(ask(blend=[{"model": MODEL, "weight": 0}]), 400)
        self.assertRefused(ask(blend=[{"model": "features"}]), 422)


@needs_command("studio")
class Stylise(WithStudio):
    def test_the_bytes_are_those_of_linmo_apply(self):
        pictures = [make_picture(self.dir / "甲.png", 120, 80, seed=1), make_picture(self.dir / "b.png", 64, 64, seed=2, channels=4)]
        ids = [self.studio.upload(p)["id"] for p in pictures]
        for format, extension in (("png", "png"), ("jpeg", "jpg"), ("webp", "webp")):
            job = self.studio.begin(kind="stylise", pictures=ids, format=format, **look(MODEL, strength=0.7, keep=True))
            state = self.studio.wait(job)
            self.assertEqual((state["state"], state["failures"], state["progress"]), ("done", [], 1))
            self.assertEqual([r["name"] for r in state["results"]], ["甲." + extension, "b." + extension])
            for number, file in enumerate(pictures):
                out = self.dir / f"out.{extension}"
                self.run_linmo("apply", MODEL, file, "-o", out, "--strength", 0.7, "--keep-colour", "--force")
                self.assertEqual(self.studio.result(job, number), out.read_bytes())
        packed = zipfile.ZipFile(io.BytesIO(self.studio.ask("GET", f"/api/v1/jobs/{job}/results.zip").body))
        self.assertEqual(packed.namelist(), ["甲.webp", "b.webp"])
        self.assertEqual(packed.read("b.webp"), self.studio.result(job, 1))
        self.assertEqual(self.studio.ask("DELETE", f"/api/v1/jobs/{job}").status, 204)
        self.assertFalse((self.dir / "data/results" / job).exists())

    def test_a_mixture_is_the_mean_of_its_styles(self):
        file = make_picture(self.dir / "a.png", 72, 48)
        picture = self.studio.upload(file)["id"]
        request = look(MODEL, OTHER)
        request["blend"][0]["weight"] = 3
        job = self.studio.begin(kind="stylise", pictures=[picture], **request)
        self.studio.wait(job)
        mixed = self.dir / "mixed.png"
        mixed.write_bytes(self.studio.result(job))
        parts = []
        for model in (MODEL, OTHER):
            self.run_linmo("apply", model, file, "-o", self.dir / f"{model}.png")
            parts.append(read_png(self.dir / f"{model}.png"))
        got = read_png(mixed)
        for row in range(48):
            for at, value in enumerate(got[-1][row]):
                wanted = 0.75 * parts[0][-1][row][at] + 0.25 * parts[1][-1][row][at]
                self.assertLessEqual(abs(value - wanted), 0.5)

    def test_a_result_is_shown_small(self):
        picture = self.studio.upload(make_picture(self.dir / "a.png", 200, 120))["id"]
        job = self.studio.begin(kind="stylise", pictures=[picture], **look(MODEL))
        href = self.studio.wait(job)["results"][0]["href"]
        small = self.studio.ask("GET", href + "?size=40")
        self.assertEqual((small.status, small.headers["Content-Type"].partition("/")[0]), (200, "image"))
        self.assertLess(len(small.body), len(self.studio.ask("GET", href).body))
        self.assertRefused(self.studio.ask("GET", href + "?size=5"), 400)

    def test_one_name_twice_and_one_picture_gone(self):
        a = self.studio.upload(make_picture(self.dir / "a.png", 48, 48, seed=1))["id"]
        b = self.studio.upload(make_picture(self.dir / "b.png", 48, 48, seed=2), "a.png")["id"]
        state = self.studio.wait(self.studio.begin(kind="stylise", pictures=[a, b], **look(MODEL)))
        self.assertEqual([r["name"] for r in state["results"]], ["a.png", "a (2).png"])
        self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", {"kind": "stylise", "pictures": ["x"], **look(MODEL)}), 404)
        self.assertRefused(self.studio.ask("POST", f"/api/v1/jobs/{state['id']}/cancel"), 409)
        self.assertRefused(self.studio.ask("POST", f"/api/v1/jobs/{state['id']}/pause"), 409)
        self.assertRefused(self.studio.ask("GET", f"/api/v1/jobs/{state['id']}/results/..%2f..%2fstudio.sqlite"), 404)

    def test_what_is_put_first_is_done_next(self):
        ids = [self.studio.upload(make_picture(self.dir / f"{i}.png", 640, 640, seed=i))["id"] for i in range(4)]
        jobs = [self.studio.begin(kind="stylise", pictures=[i], **look(MODEL)) for i in ids]
        put = self.studio.ask("POST", f"/api/v1/jobs/{jobs[3]}/first")
        self.assertEqual(put.status, 200, put.body)
        ended = {job: self.studio.wait(job, seconds=120)["ended"] for job in jobs}
        started = {job: self.studio.get(f"/jobs/{job}")["started"] for job in jobs}
        self.assertLessEqual(started[jobs[3]], started[jobs[2]])
        self.assertLessEqual(ended[jobs[3]], ended[jobs[2]])
        self.assertRefused(self.studio.ask("POST", f"/api/v1/jobs/{jobs[0]}/first"), 409)

    def test_a_video_is_painted_as_linmo_apply_paints_it(self):
        film, out = self.dir / "影.y4m", self.dir / "影.mp4"
        frame = lambda t: bytes((x + 3 * t) % 200 + 20 for _ in range(32) for x in range(48)) + bytes([128]) * (2 * 24 * 16)
        film.write_bytes(b"YUV4MPEG2 W48 H32 F8:1 Ip A1:1 C420jpeg\n" + b"".join(b"FRAME\n" + frame(t) for t in range(6)))
        upload = lambda file: self.studio.ask("POST", "/api/v1/videos?name=" + urllib.parse.quote(file.name), file.read_bytes())
        video = upload(film)
        self.assertEqual(video.status, 201, video.body)
        request = {"kind": "video", "video": video.json()["id"], "name": "影.y4m", **look(MODEL, strength=0.7)}
        first, second = (self.studio.wait(self.studio.begin(**request), seconds=120) for _ in range(2))
        self.assertEqual((first["state"], first["failures"]), ("done", []), first)
        self.assertEqual([(r["name"], r["type"]) for r in first["results"]], [("影.mp4", "video/mp4")])
        self.run_linmo("apply", MODEL, film, "-o", out, "--strength", 0.7)
        self.assertEqual(self.studio.result(first["id"]), out.read_bytes())
        kept = self.dir / "data/videos" / video.json()["id"]
        self.studio.ask("DELETE", f"/api/v1/jobs/{first['id']}")
        self.assertTrue(kept.exists())
        self.studio.ask("DELETE", f"/api/v1/jobs/{second['id']}")
        self.assertFalse(kept.exists())
        self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", request), 404)
        # What is none, or has another name, or two styles.
        film.write_bytes(b"no video")
        broken = self.studio.begin(**{**request, "video": upload(film).json()["id"]})
        state = self.studio.wait(broken)
        self.assertEqual(state["state"], "failed")
        self.assertIn("not a video", state["message"])
        self.assertNotIn("videos/", state["message"])
        self.assertRefused(self.studio.ask("POST", "/api/v1/videos?name=a.png", b"x"), 400)
        self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", {**request, "video": "../studio.sqlite"}), 404)
        self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", {**request, **look(MODEL, OTHER)}), 400, says="one style")

    def test_what_is_odd_about_a_picture_is_said_under_its_name(self):
        whole = make_picture(self.dir / "whole.png", 512, 512).read_bytes()
        (self.dir / "残.png").write_bytes(whole[:len(whole) * 9 // 10])
        job = self.studio.begin(kind="stylise", pictures=[self.studio.upload(self.dir / "残.png")["id"]], **look(MODEL))
        state = self.studio.wait(job)
        self.assertEqual(state["state"], "done", state)
        self.assertEqual([f["name"] for f in state["failures"]], ["残.png"])
        self.assertNotIn("data", state["failures"][0]["reason"])
        self.assertIn("grey", state["failures"][0]["reason"])

    def test_many_at_once_in_order_and_killed_without_loss(self):
        files = [make_picture(self.dir / f"{i}.png", 512, 512, seed=i) for i in range(4)]
        ids = [self.studio.upload(f)["id"] for f in files]

        def client(number):
            return self.studio.begin(kind="stylise", pictures=[ids[number % 4]], **look(MODEL))

        with concurrent.futures.ThreadPoolExecutor(64) as clients:
            jobs = list(clients.map(client, range(64)))
        self.studio.wait(jobs[3], seconds=60)
        ready = [j for j in self.studio.get("/jobs") if j["state"] == "done"]
        self.studio.kill()
        self.studio.start()
        for job in ready:
            self.assertEqual(self.studio.get(f"/jobs/{job['id']}")["results"], job["results"])
        states = [self.studio.wait(job, seconds=240) for job in jobs]
        self.assertEqual({s["state"] for s in states}, {"done"})
        listed = self.studio.get("/jobs")  # newest first
        self.assertEqual([j["ended"] for j in listed], sorted((j["ended"] for j in listed), reverse=True))
        one = {}
        for state in states:
            body = self.studio.ask("GET", state["results"][0]["href"]).body
            self.assertEqual(one.setdefault(state["request"]["pictures"][0], body), body)


@needs_command("studio")
@unittest.skipUnless(has_command("train"), "this build cannot train")
class Train(WithStudio):
    def request(self, style_name, **over):
        for side, tint in (("photos", (0, 0, 40)), ("paintings", (60, 0, 0))):
            if not (self.allowed / side).exists():
                make_folder(self.allowed / side, 6, width=96, height=96, tint=tint)
        return {"kind": "train", "name": style_name, "content": {"folder": str(self.allowed / "photos")},
                "style": {"folder": str(self.allowed / "paintings")}, "method": "fastcut", "size": 64, "seed": 1, "minutes": 0.15, **over}

    def test_a_folder_of_folders_becomes_a_style_for_each(self):
        for name, tint in (("山水", (60, 0, 0)), ("ukiyoe", (0, 0, 60))):
            make_folder(self.allowed / "styles" / name, 3, width=96, height=96, tint=tint)
        styles = {"folder": str(self.allowed / "styles")}
        job = self.studio.begin(**self.request("两种", method="multi", style=styles, minutes=0.1))
        state = self.studio.wait(job)
        self.assertEqual((state["state"], state["message"]), ("done", ""))
        titles = [m["title"] for m in self.studio.get("/models") if "两种" in m["title"]]
        self.assertEqual(sorted(title.rpartition(": ")[2] for title in titles), ["ukiyoe", "山水"])
        upload = self.studio.upload(next((self.allowed / "photos").iterdir()))["id"]
        self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", self.request(
            "x", method="multi", style={"pictures": [upload]})), 400, says="folder for each style")

    def test_killed_in_the_middle_it_goes_on_and_ends_as_a_style(self):
        job = self.studio.begin(**self.request("我的笔法", minutes=0.3))
        end = time.monotonic() + 60
        while not self.studio.get(f"/runs/{job}/stats") and time.monotonic() < end:
            time.sleep(0.1)
        before = self.studio.get(f"/runs/{job}/stats")[-1]["step"]
        self.studio.kill()
        self.studio.start()  # the training saw its parent go and may still be saving: the new one waits for it
        state = self.studio.wait(job)
        self.assertEqual((state["state"], state["message"]), ("done", ""))
        rows = self.studio.get(f"/runs/{job}/stats")
        steps = [row["step"] for row in rows if "losses" in row]
        self.assertGreaterEqual(steps[-1], before)
        self.assertEqual(steps, sorted(set(steps)))
        self.assertEqual([row["step"] for row in rows], sorted(row["step"] for row in rows))  # scores too
        self.assertEqual(self.studio.get(f"/runs/{job}/stats?after={steps[-2]}"), [r for r in rows if r["step"] > steps[-2]])
        samples = self.studio.get(f"/runs/{job}/samples")
        self.assertEqual(self.studio.ask("GET", f"/api/v1/runs/{job}/samples/{samples[-1]['file']}").headers["Content-Type"], "image/png")
        report = self.studio.ask("GET", f"/api/v1/runs/{job}/report.html")
        self.assertIn("sandbox", report.headers["Content-Security-Policy"])
        card = next(m for m in self.studio.get("/models") if m["id"] == "我的笔法")
        self.assertEqual((card["title"], card["bundled"]), ("我的笔法", False))
        picture = self.studio.upload(make_picture(self.dir / "a.png", 64, 64))["id"]
        painted = self.studio.wait(self.studio.begin(kind="stylise", pictures=[picture], **look("我的笔法")))
        self.assertEqual(painted["state"], "done")

    def kill_the_training(self, job):
        """SIGKILL to the studio's training, once it has trained a few steps more."""
        rows = len(self.studio.get(f"/runs/{job}/stats"))
        end = time.monotonic() + 60
        while len(self.studio.get(f"/runs/{job}/stats")) < rows + 2 and time.monotonic() < end:
            time.sleep(0.1)
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"train" in words and any(job.encode() in word for word in words):
                os.kill(int(folder.name), signal.SIGKILL)

    def test_a_training_that_is_killed_goes_on_by_itself_once_and_then_when_it_is_told(self):
        job = self.studio.begin(**self.request("a", minutes=0.4))
        self.studio.wait(job, until=("running",))
        self.kill_the_training(job)
        time.sleep(0.5)
        self.studio.wait(job, until=("running",))
        self.kill_the_training(job)
        state = self.studio.wait(job, until=("failed", "done"))
        self.assertEqual(state["state"], "failed", state)
        self.assertIn("killed by signal 9", state["message"])
        self.assertEqual(self.studio.ask("POST", f"/api/v1/jobs/{job}/resume").status, 200)
        state = self.studio.wait(job)
        self.assertEqual((state["state"], state["message"]), ("done", ""))
        steps = [row["step"] for row in self.studio.get(f"/runs/{job}/stats") if "losses" in row]
        self.assertEqual(steps, sorted(set(steps)))
        self.assertRefused(self.studio.ask("POST", f"/api/v1/jobs/{job}/resume"), 409)

    def test_paused_resumed_and_stopped_early(self):
        job = self.studio.begin(**self.request("a", minutes=5))
        while not self.studio.get(f"/runs/{job}/samples"):
            time.sleep(0.1)
        self.assertEqual(self.studio.ask("POST", f"/api/v1/jobs/{job}/pause").status, 200)
        self.studio.wait(job, until=("paused",))
        self.assertEqual(self.studio.ask("POST", f"/api/v1/jobs/{job}/resume").status, 200)
        self.studio.wait(job, until=("running",))
        for _ in range(3):  # a studio that is closed every evening
            self.assertEqual(self.studio.stop(), DONE)
            self.studio.start()
            self.studio.wait(job, until=("running",))
        time.sleep(3)
        self.studio.ask("POST", f"/api/v1/jobs/{job}/cancel")
        state = self.studio.wait(job)
        self.assertEqual(state["state"], "done")
        self.assertIn("Stopped early", state["message"])
        self.assertIn("a", [m["id"] for m in self.studio.get("/models")])

    def test_a_style_is_tuned(self):
        request = self.request("tuned", method="tune", model=MODEL, minutes=0.1)
        del request["content"]
        state = self.studio.wait(self.studio.begin(**request))
        self.assertEqual(state["state"], "done", state)
        self.assertIn("tuned", [m["id"] for m in self.studio.get("/models")])
        self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", {**request, "name": "b", "model": "x"}), 404)
        self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", {**request, "name": "b", "method": "swift"}), 400)

    def test_a_style_for_videos_begins_with_one_for_pictures(self):
        request = self.request("still", method="recurrent", model=MODEL, minutes=0.1, size=64)
        self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", {k: v for k, v in request.items() if k != "model"}), 400)
        state = self.studio.wait(self.studio.begin(**request))
        self.assertEqual(state["state"], "done", state)
        made = next(m for m in self.studio.get("/models") if m["id"] == "still")
        self.assertEqual(made["method"], "recurrent")

    def test_uploads_teach_too_and_trouble_is_said(self):
        make_folder(self.dir / "up", 4, width=96, height=96)
        ids = [self.studio.upload(f)["id"] for f in sorted((self.dir / "up").iterdir())]
        job = self.studio.begin(**self.request("uploads", style={"pictures": ids}, minutes=0.05))
        self.assertEqual(self.studio.wait(job)["state"], "done")
        (self.allowed / "empty").mkdir()
        job = self.studio.begin(**self.request("nothing", style={"folder": str(self.allowed / "empty")}))
        state = self.studio.wait(job)
        self.assertEqual(state["state"], "failed")
        self.assertIn("empty", state["message"])
        self.assertNotIn("nothing", [m["id"] for m in self.studio.get("/models")])
        for wrong in ({"method": "x"}, {"minutes": -1}, {"size": 65}, {"name": "../x"}, {"name": ""}, {"style": {}}, {"seed": 0.5}):
            with self.subTest(wrong):
                self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", self.request("b", **wrong)), 400)
        self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", self.request("b", style={"folder": "/etc"})), 403)


@needs_command("studio")
class Folders(WithStudio):
    def test_only_what_was_allowed_is_read(self):
        make_folder(self.allowed / "山水", 3, width=80, height=80)
        (self.allowed / "山水" / "notes.txt").write_text("x")
        (self.allowed / "山水" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        secret = self.dir / "secret"
        make_folder(secret, 1, width=80, height=80)
        (self.allowed / "link").symlink_to(secret)
        folders = lambda path: self.studio.ask("GET", "/api/v1/folders?path=" + urllib.parse.quote(str(path)))
        self.assertEqual([f["name"] for f in folders(self.allowed).json()["folders"]], ["山水"])
        self.assertEqual(folders(self.allowed / "山水").json()["pictures"], 4)
        check = self.studio.ask("POST", "/api/v1/folders/check", {"path": str(self.allowed / "山水")}).json()
        self.assertEqual((check["usable"], [r["file"] for r in check["refused"]]), (3, ["broken.png"]))
        sample = self.studio.ask("GET", "/api/v1/folders/thumbnail?path=" + urllib.parse.quote(check["samples"][0]))
        self.assertEqual(sample.status, 200)
        for outside in (secret, self.allowed / ".." / "secret", self.allowed / "link", "/", "/etc", "relative", ""):
            with self.subTest(outside):
                self.assertRefused(folders(outside), 403)
        file = next(secret.iterdir())
        self.assertRefused(self.studio.ask("GET", "/api/v1/folders/thumbnail?path=" + urllib.parse.quote(str(file))), 403)


@needs_command("studio")
class Models(WithStudio):
    def test_a_checkpoint_is_imported_used_exported_and_deleted(self):
        checkpoint = self.dir / "latest.safetensors"
        support.write_safetensors(checkpoint, resnet_state())
        add = lambda name, body: self.studio.ask("POST", "/api/v1/models?name=" + urllib.parse.quote(name), body)
        added = add("莫奈.safetensors", checkpoint.read_bytes())
        self.assertEqual((added.status, added.json()["id"]), (201, "莫奈"), added.body)
        self.assertRefused(add("莫奈.safetensors", checkpoint.read_bytes()), 409)
        self.assertRefused(add("x.pth", b"no checkpoint"), 422)
        self.assertRefused(add("x.exe", b"x"), 422)
        self.assertEqual(os.listdir(self.dir / "data/incoming"), [])
        path = "/api/v1/models/" + urllib.parse.quote("莫奈")
        self.assertEqual(self.studio.ask("GET", path + "/card.jpg").headers["Content-Type"], "image/jpeg")
        for format in ("onnx", "pth", "safetensors"):
            out = self.studio.ask("GET", f"{path}/export?format={format}")
            self.assertEqual(out.status, 200)
            self.assertGreater(len(out.body), 1000)
        self.assertRefused(self.studio.ask("GET", path + "/export?format=exe"), 400)
        self.assertEqual(self.studio.ask("DELETE", path).status, 204)
        self.assertRefused(self.studio.ask("DELETE", path), 404)
        self.assertRefused(self.studio.ask("DELETE", "/api/v1/models/" + MODEL), 403)


    def test_styles_of_one_origin_are_mixed(self):
        mix = lambda name, *models: self.studio.ask("POST", "/api/v1/models/mix", {"name": name, "blend": look(*models)["blend"]})
        mixed = mix("之间", MODEL, OTHER)
        self.assertEqual((mixed.status, mixed.json()["title"]), (201, "之间"), mixed.body)
        self.run_linmo("mix", MODEL, OTHER, "-o", self.dir / "m.safetensors")
        picture = make_picture(self.dir / "a.png", 64, 48)
        self.run_linmo("apply", self.dir / "m.safetensors", picture, "-o", self.dir / "out.png")
        job = self.studio.begin(kind="stylise", pictures=[self.studio.upload(picture)["id"]], **look("之间"))
        self.studio.wait(job)
        self.assertEqual(self.studio.result(job), (self.dir / "out.png").read_bytes())
        self.assertRefused(mix("之间", MODEL, OTHER), 409)
        self.assertRefused(mix("../x", MODEL, OTHER), 400)
        checkpoint = self.dir / "other.safetensors"
        support.write_safetensors(checkpoint, resnet_state())
        self.studio.ask("POST", "/api/v1/models?name=other.safetensors", checkpoint.read_bytes())
        self.assertRefused(mix("b", MODEL, "other"), 422, says="other")
        self.assertEqual(os.listdir(self.dir / "data/work"), [])


    @needs_command("train")
    def test_a_model_of_several_styles_is_a_style_for_each(self):
        for i, name in enumerate(("山水", "ukiyoe")):
            make_folder(self.dir / "styles" / name, 3, seed=20 * i, tint=(60 - 90 * i, 0, 90 * i))
        make_folder(self.dir / "content", 3, seed=70)
        run = self.dir / "run"
        self.run_linmo("train", "--method", "multi", "--content", self.dir / "content", "--style", self.dir / "styles", "-o", run,
                       "--steps", 4, "--size", 32, "--ngf", 8, "--ndf", 8, "--threads", 1)
        added = self.studio.ask("POST", "/api/v1/models?name=" + urllib.parse.quote("两.safetensors"),
                                (run / "model.safetensors").read_bytes())
        self.assertEqual((added.status, added.json()["id"]), (201, "两:ukiyoe"), added.body)
        cards = {m["id"]: m for m in self.studio.get("/models") if m["name"].startswith("两")}
        self.assertEqual(list(cards), ["两:ukiyoe", "两:山水"])
        self.assertTrue(cards["两:山水"]["title"].endswith(": 山水"))
        picture = make_picture(self.dir / "a.png", 64, 48)
        self.run_linmo("apply", run, picture, "--style", "山水", "-o", self.dir / "out.png")
        upload = self.studio.upload(picture)["id"]
        job = self.studio.begin(kind="stylise", pictures=[upload], **look("两:山水"))
        self.studio.wait(job)
        self.assertEqual(self.studio.result(job), (self.dir / "out.png").read_bytes())
        painted = [self.studio.ask("GET", "/api/v1/models/" + urllib.parse.quote(i) + "/card.jpg").body for i in cards]
        self.assertNotEqual(*painted)
        mixed = self.studio.ask("POST", "/api/v1/models/mix", {"name": "之间", "blend": look(*cards)["blend"]})
        self.assertEqual((mixed.status, mixed.json()["id"]), (201, "之间"), mixed.body)
        out = self.studio.ask("GET", "/api/v1/models/" + urllib.parse.quote("两:山水") + "/export?format=onnx")
        self.assertEqual(out.status, 200, out.body)
        make_folder(self.allowed, 3, seed=5, width=80, height=80)
        tuned = self.studio.begin(kind="train", name="tuned", method="tune", model="两:山水", minutes=0.05, size=64,
                                  style={"folder": str(self.allowed)})
        self.assertRefused(self.studio.ask("POST", "/api/v1/preview", {"picture": upload, "size": 64, **look("两:水墨")}), 404)
        self.assertEqual(self.studio.wait(tuned)["state"], "done")
        self.assertEqual(self.studio.ask("DELETE", "/api/v1/models/" + urllib.parse.quote("两:山水")).status, 204)
        self.assertFalse([m for m in self.studio.get("/models") if m["name"].startswith("两")])


@needs_command("studio")
class Cultures(WithStudio):
    def test_collections_are_made_labelled_and_compared(self):
        for name, tint in (("江户", (60, 0, 0)), ("清", (0, 0, 60))):
            make_folder(self.allowed / name, 12, width=96, height=96, tint=tint, seed=len(name))
            job = self.studio.begin(kind="collect", name=name, sources=[str(self.allowed / name)])
            self.assertEqual(self.studio.wait(job)["state"], "done")
            self.assertRefused(self.studio.ask("POST", "/api/v1/jobs", {"kind": "collect", "name": name, "sources": [str(self.allowed / name)]}), 409)
        self.assertEqual({(c["id"], c["works"]) for c in self.studio.get("/collections")}, {("江户", 12), ("清", 12)})
        (self.allowed / "空").mkdir()
        state = self.studio.wait(self.studio.begin(kind="collect", name="nothing", sources=[str(self.allowed / "空")]))
        self.assertEqual(state["state"], "failed", state)
        self.assertEqual(sorted(os.listdir(self.dir / "data/collections")), ["江户", "清"])
        self.assertEqual([f for f in os.listdir(self.dir / "data/work") if not f.endswith(".log")], [])
        base = "/collections/" + urllib.parse.quote("江户")
        work = self.studio.get(base + "/works?offset=1&limit=1")[0]["file"]
        address = f"/api/v1{base}/works/{urllib.parse.quote(work, safe='')}"
        self.assertEqual(self.studio.ask("PATCH", address, {"artist": "雪舟", "culture": "Japan"}).status, 204)
        self.assertRefused(self.studio.ask("PATCH", address, {"sha256": "x"}), 400)
        self.assertEqual([w["file"] for w in self.studio.get(base + "/works?filter=artist:" + urllib.parse.quote("雪舟"))], [work])
        self.assertIn("artist", [f["field"] for f in self.studio.get(base + "?facets=1")["facets"]])
        self.assertEqual(self.studio.ask("GET", address + "/thumbnail").status, 200)
        self.assertIsInstance(self.studio.get(base + "/duplicates"), list)
        wrong = {"kind": "compare", "name": "a", "collections": ["江户", "清"], "preregistration": "x ="}
        state = self.studio.wait(self.studio.begin(**wrong), seconds=5)  # before anything is described
        self.assertEqual(state["state"], "failed", state)
        self.assertIn("line 1", state["message"])
        self.assertNotIn(str(self.dir), state["message"])
        job = self.studio.begin(kind="describe", collection="江户")
        state = self.studio.wait(job)
        self.assertEqual((state["state"], [r["name"] for r in state["results"]]), ("done", ["江户.csv"]), state)
        self.assertEqual(len(self.studio.result(job).decode().splitlines()), 1 + 12)
        self.assertEqual(self.studio.ask("POST", "/api/v1/jobs", {"kind": "describe", "collection": "../x"}).status, 404)
        uploads = [self.studio.upload(make_picture(self.dir / f"雪 {i}.png", 64, 64, seed=i))["id"] for i in range(3)]
        state = self.studio.wait(self.studio.begin(kind="collect", name="手选", pictures=uploads))
        self.assertEqual(state["state"], "done", state)
        made = self.studio.get("/collections/" + urllib.parse.quote("手选") + "/works")
        self.assertEqual({(w["file"], w["culture"]) for w in made}, {(f"手选/雪 {i}.png", "手选") for i in range(3)})
        self.assertIn(self.studio.ask("POST", "/api/v1/jobs", {"kind": "collect", "name": "b", "pictures": ["0" * 64]}).status, (400, 404))
        job = self.studio.begin(kind="compare", name="两地", collections=["江户", "清"])
        state = self.studio.wait(job, seconds=200)
        self.assertEqual(state["state"], "done", state)
        study = self.studio.get("/studies")[0]
        self.assertEqual((study["id"], study["collections"], study["files"]), ("两地", ["江户", "清"], ["report.html", "map.html"]))
        # One as the collection calls it, one as a study of several does.
        works = [["江户", work], ["清", "清/" + self.studio.get("/collections/" + urllib.parse.quote("清") + "/works")[0]["file"]]]
        state = self.studio.wait(self.studio.begin(kind="collect", name="圈选", works=works))
        self.assertEqual(state["state"], "done", state)
        chosen = self.studio.get("/collections/" + urllib.parse.quote("圈选") + "/works")
        self.assertEqual({w.get("artist") for w in chosen}, {"雪舟", None})
        self.assertEqual(len(chosen), 2)
        for wrong in ([], [["江户"]], [["江户", "../manifest.csv"]], [["x", work]], [1]):
            answer = self.studio.ask("POST", "/api/v1/jobs", {"kind": "collect", "name": "b", "works": wrong})
            self.assertIn(answer.status, (400, 404))
        page = self.studio.ask("GET", "/api/v1/studies/" + urllib.parse.quote("两地") + "/report.html?lang=zh")
        self.assertIn("sandbox allow-scripts", page.headers["Content-Security-Policy"])
        self.assertRefused(self.studio.ask("GET", "/api/v1/studies/..%2f..%2f/studio.sqlite"), 404)


if __name__ == "__main__":
    unittest.main()
