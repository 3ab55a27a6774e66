"""Everything outside the process that is killed: a messenger that remembers, and a hand that kills at a given step."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


def every_step_of(url: str) -> int:
    """Each seventh step, on PostgreSQL, where a life takes longer, each 21st; `make test-kills` takes them all."""
    if os.environ.get("ABONENT_ALL_KILLS"):
        return 1
    return 7 if url.startswith("sqlite") else 21


LIMIT = 120.0  # seconds for one process to come to rest; far above what it takes on a busy machine


@dataclass(frozen=True)
class Update:
    """One input on its way; brought again until it is acknowledged."""

    id: int
    chat: str
    text: str


@dataclass(frozen=True)
class Orders:
    """What a process is told when it starts. ``shift`` in seconds moves its clock past the leases of the killed."""

    url: str
    socket: str
    shift: float = 0.0
    loops: bool = False  # sender and worker run on their own instead of one after the other
    crossed: int = 0  # 1 or -1: updates of one chat are taken side by side, in their order or against it
    folder: str = ""  # where files are kept, by a process that keeps any


@dataclass
class Outside:
    """The messenger and the systems that tasks change. ``kills`` says of each step whether the process dies there."""

    kills: Callable[[str], bool] = lambda _step: False
    sent: list[Update] = field(default_factory=list)  # everything that people have said
    acknowledged: set[int] = field(default_factory=set)
    received: dict[str, list[str]] = field(default_factory=dict)  # what each person has read
    effects: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    clashes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, chat: str, text: str) -> None:
        with self._lock:
            self.sent.append(Update(len(self.sent) + 1, chat, text))

    def kill_at_step(self, number: int) -> None:
        """The next process dies at its ``number``-th step, if it gets there."""
        self.steps.clear()
        self.kills = lambda _step: len(self.steps) == number

    def spare(self) -> None:
        self.kills = lambda _step: False

    @property
    def in_flight(self) -> bool:
        """Whether the messenger had a message that was not written down as sent when the process died."""
        last = {step: number for number, step in enumerate(self.steps)}
        return last.get("sent, not recorded", -1) > last.get("after _record", -1)

    def answer(self, request: dict[str, Any]) -> Any:
        with self._lock:
            match request:
                case {"op": "updates"}:
                    return [asdict(update) for update in self.sent if update.id not in self.acknowledged]
                case {"op": "ack", "id": number}:
                    self.acknowledged.add(number)
                case {"op": "send", "chat": chat, "text": text}:
                    self.received.setdefault(chat, []).append(text)
                    return len(self.received[chat])
                case {"op": "effect", "id": name}:
                    self.effects.append(name)
                case {"op": "clash"}:
                    self.clashes += 1
                case {"op": "at", "step": step, "pid": pid}:
                    self.steps.append(step)
                    if self.kills(step):
                        # The process waits for our answer: it dies exactly here, not a statement later.
                        os.kill(pid, signal.SIGKILL)
                case _:
                    raise ValueError(f"unknown request {request}")
            return None

    @contextlib.contextmanager
    def listening(self, path: Path) -> Iterator[str]:
        """Serves on a Unix socket at ``path``, in threads."""
        outside = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for line in self.rfile:
                    reply = json.dumps(outside.answer(json.loads(line))).encode() + b"\n"
                    with contextlib.suppress(BrokenPipeError):  # whoever asked has just been killed
                        self.wfile.write(reply)

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                if not isinstance(sys.exc_info()[1], ConnectionError):
                    super().handle_error(request, client_address)

        with Server(str(path), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield str(path)
            finally:
                server.shutdown()
                thread.join()


class Nursery:
    """A process with everything imported that forks one child for each start, so that a start costs milliseconds."""

    def __init__(self, module: str = "tests.durability.child") -> None:
        """``module`` calls :func:`tests.durability.watched.serve`."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            text=True,
        )

    def start(self, orders: Orders) -> int:
        """The new process's id."""
        return int(self._ask({"start": asdict(orders)}))

    def wait(self, pid: int) -> int:
        """0 when it came to rest, -9 when it was killed, anything else when it failed."""
        return int(self._ask({"wait": pid}))

    def run(self, orders: Orders) -> int:
        return self.wait(self.start(orders))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(LIMIT)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _ask(self, question: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that starts the others is gone"
        return json.loads(line)
