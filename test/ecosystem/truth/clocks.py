"""What a program says of its own calls: its thread's CPU time in each, and what other threads used because of it."""

import json
import threading
import time
from contextlib import contextmanager


class Clocks:
    """Other threads work for the last call into a library, also when it is over: they look for more work for a while."""

    def __init__(self):
        self.own = {}
        self.others = {}
        self.caller = "nobody"
        self.ended = 0
        self.count_ends()
        self.last = self.elsewhere()

    def count_ends(self):
        """Threads with Python code have lines of their own. Those that calls start here end with the call."""
        run = threading.Thread.run

        def counted(thread):
            run(thread)
            self.ended += time.thread_time()

        threading.Thread.run = counted

    def elsewhere(self):
        """CPU seconds of threads without Python code."""
        return time.process_time() - time.thread_time() - self.ended

    def account(self):
        now = self.elsewhere()
        self.others[self.caller] = self.others.get(self.caller, 0) + now - self.last
        self.last = now

    @contextmanager
    def plain(self, name):
        """Code that calls no library with threads of its own."""
        started = time.thread_time()
        yield
        self.own[name] = self.own.get(name, 0) + time.thread_time() - started

    def rest(self):
        """Python code between two calls: where one ends and the next begins is not always known."""
        with self.plain("rest"):
            loop(0.01)

    @contextmanager
    def call(self, name):
        """A call into such a library."""
        self.account()
        self.caller = name
        with self.plain(name):
            yield

    def say(self, **more):
        """One line of JSON: by name, CPU seconds of this thread and of others. more: of other processes."""
        self.account()
        names = {*self.own, *self.others}
        lines = {name: [self.own.get(name, 0), self.others.get(name, 0)] for name in names}
        lines.update({name: [seconds, 0] for name, seconds in more.items()})
        print("clocks " + json.dumps(lines))


def loop(seconds):
    """Python code; pools may spin meanwhile."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
