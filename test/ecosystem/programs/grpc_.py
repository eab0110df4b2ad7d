"""A server and its client in one process."""

import sys
from concurrent import futures

import grpc

rounds = int(sys.argv[1])


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: request[::-1])


server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((Echo(),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
    call = channel.unary_unary("/echo/Reverse")
    print(sum(len(call(b"x" * (i % 100))) for i in range(1500 * rounds)))
    for _ in range(5 * rounds):
        # Many more at once are cancelled by gRPC itself now and then.
        answers = [call.future(b"y" * 10) for _ in range(100)]
        sizes = sum(len(answer.result()) for answer in answers)
    print(sizes)
server.stop(0).wait()
