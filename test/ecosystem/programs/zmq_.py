import sys
import threading

import zmq

context = zmq.Context()
count = 60_000 * int(sys.argv[1])


def echo():
    socket = context.socket(zmq.REP)
    socket.bind("inproc://echo")
    ready.set()
    for _ in range(count // 10):
        socket.send(socket.recv())


def push():
    socket = context.socket(zmq.PUSH)
    socket.connect(address)
    for i in range(count):
        socket.send(b"%d" % i)


ready = threading.Event()
threading.Thread(target=echo).start()
ready.wait()
asking = context.socket(zmq.REQ)
asking.connect("inproc://echo")
for i in range(count // 10):
    asking.send(b"x")
    asking.recv()
pull = context.socket(zmq.PULL)
address = f"tcp://127.0.0.1:{pull.bind_to_random_port('tcp://127.0.0.1')}"
pushing = threading.Thread(target=push)
pushing.start()
print(sum(int(pull.recv()) for _ in range(count)))
pushing.join()
