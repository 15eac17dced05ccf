"""A server and the analysts who use it, as processes with folders of their own."""

import shutil
import socket
import sqlite3
import subprocess
import threading
import time

from .machine import Failed, Gauge, plus, run


class Team:
    """One workspace: `serve` on a fixed port of loopback, and a home per analyst. A copy of the folder is the
    same team at another time, and answers at the same address."""

    def __init__(self, parley, folder, port=None):
        self.parley, self.folder, self.port = parley, folder, port or free_port()
        self.server = None
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self):
        log = self.folder / "serve.log"
        with open(log, "w") as errors:
            self.server = subprocess.Popen(
                [self.parley, "serve", "--data", self.folder / "server", "--listen", self.address],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        deadline = time.monotonic() + 20
        while not log.read_text().startswith("listening on"):
            if time.monotonic() > deadline or self.server.poll() is not None:
                raise Failed("the server does not listen: " + log.read_text())
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.server.terminate()
        if self.server.wait(30) != 0:
            raise Failed("the server did not end with 0: " + (self.folder / "serve.log").read_text()[-400:])

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def gauge(self):
        return Gauge(self.server.pid)

    def __call__(self, who, *arguments, **rest):
        return run([self.parley, *arguments], home=self.home(who), **rest)

    def home(self, who):
        return self.folder / who

    def found(self):
        """Olga founds the workspace."""
        invite, _ = self("operator", "invite", "--data", self.folder / "server", "--workspace", "bench",
                         "--for", "olga", "--address", self.address)
        self("olga", "join", invite.strip())
        self("olga", "sync")
        return self

    def invite(self, handle):
        """An invite by Olga, which the server knows."""
        invite, _ = self("olga", "invite", "--for", handle)
        self("olga", "sync")
        return invite.strip()

    def join(self, handle):
        self(handle, "join", self.invite(handle))
        self("olga", "sync")
        self(handle, "sync")

    def copy(self, folder):
        """The team as it is, in another folder; the server of one of both may run."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        return Team(self.parley, folder, self.port)

    def store(self, who):
        return next(self.home(who).glob("data/*/workspace.sqlite"))

    def ask(self, who, question):
        """One value out of a replica's file, read only."""
        with sqlite3.connect(f"file:{self.store(who)}?mode=ro", uri=True) as db:
            return db.execute(question).fetchone()[0]

    def ids(self, who, count):
        """The ids of so many records, scattered evenly over all."""
        out, _ = self(who, "list", "kind:evidence", "--columns", "id", "--sort", "order")
        found = out.split()
        return found[::max(1, len(found) // count)][:count]

    def index(self, who, count):
        """Searches until the index, which each search takes on for a second at most, holds so many records;
        what these searches cost together."""
        together = None
        while together is None or self.ask(who, "SELECT count(*) FROM searchable") < count:
            _, cost = self(who, "search", "nothing")
            together = plus(together, cost) if together else cost
        return together

    def expect(self, who, question, answer):
        """A check that the work was done; a figure of work that was not done is worth nothing."""
        if (got := self.ask(who, question)) != answer:
            raise Failed(f"{who}: {question} gives {got}, not {answer}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Tap:
    """A listener before a server that counts the bytes in both directions, and how often the direction turns."""

    def __init__(self, port):
        self.target, self.sent, self.received, self.turns = port, 0, 0, 0
        self.last, self.lock = None, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.target))
            for pair in ((client, server, "sent"), (server, client, "received")):
                threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source, to, name):
        try:
            while data := source.recv(65536):
                with self.lock:
                    setattr(self, name, getattr(self, name) + len(data))
                    self.turns += self.last != name
                    self.last = name
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            pass
