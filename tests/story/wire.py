"""wire: a TCP relay between a point and the door: it delays, swallows one direction, cuts, and counts round trips.

It sees TLS and nothing else. A round trip is counted when bytes leave the point after bytes have come to it.
"""
import queue
import socket
import threading
import time


class Wire:
    def __init__(self, target, delay_s=0.0):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.delay_s = delay_s
        self.lock = threading.Lock()
        self.pairs = []
        self.swallow = {"out": False, "in": False}
        self.open = True
        self.round_trips = 0
        self.last = "in"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if not self.open:
                near.close()
                continue
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.pairs.append((near, far))
            self._carry(near, far, "out")
            self._carry(far, near, "in")

    def _carry(self, source, target, way):
        waiting = queue.SimpleQueue()

        def take():
            while True:
                try:
                    data = source.recv(65536)
                except OSError:
                    data = b""
                if data:
                    with self.lock:
                        if way == "out" and self.last == "in":
                            self.round_trips += 1
                        self.last = way
                waiting.put((time.monotonic() + self.delay_s, data))
                if not data:
                    return

        def give():
            while True:
                due, data = waiting.get()
                wait = due - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                if not data:
                    self._close(source, target)
                    return
                if self.swallow[way]:
                    continue
                try:
                    target.sendall(data)
                except OSError:
                    self._close(source, target)
                    return

        for work in (take, give):
            threading.Thread(target=work, daemon=True).start()

    @staticmethod
    def _close(*ends):
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Every link ends; new ones are refused until mend()."""
        self.open = False
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            self._close(*pair)

    def mend(self):
        self.swallow = {"out": False, "in": False}
        self.open = True

    def count(self, act):
        """(what act gives, round trips that it took, seconds)"""
        with self.lock:
            before = self.round_trips
        began = time.monotonic()
        result = act()
        took = time.monotonic() - began
        with self.lock:
            return result, self.round_trips - before, took

    def close(self):
        self.listener.close()
        self.cut()
