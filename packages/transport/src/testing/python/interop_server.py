"""gRPC's TestService, for its interoperability test cases, on Python's grpcio.

Run it with the folder of the stubs, which grpc_tools makes from the contract, on PYTHONPATH and, for TLS, the server's
certificate and key in INTEROP_CERT and INTEROP_KEY. It prints its port, and ends when its standard input does.
"""

import os
import sys
import time
from concurrent import futures

import grpc
from grpc.testing import interop_pb2 as messages
from grpc.testing import interop_pb2_grpc as services

INITIAL = "x-grpc-test-echo-initial"
TRAILING = "x-grpc-test-echo-trailing-bin"

CODES = {code.value[0]: code for code in grpc.StatusCode}


def payload(size):
    return messages.Payload(body=bytes(size))


def echo_metadata(context):
    metadata = dict(context.invocation_metadata())
    if INITIAL in metadata:
        context.send_initial_metadata(((INITIAL, metadata[INITIAL]),))
    if TRAILING in metadata:
        context.set_trailing_metadata(((TRAILING, metadata[TRAILING]),))


def fail_as_asked(request, context):
    status = request.response_status
    if status.code != 0:
        context.abort(CODES[status.code], status.message)


def choose_compression(asked, context):
    # One choice for a call: whether a message of it is to be compressed is chosen beside that.
    if any(asked):
        context.set_compression(grpc.Compression.Gzip)


class TestService(services.TestServiceServicer):
    def EmptyCall(self, request, context):
        return messages.Empty()

    def UnaryCall(self, request, context):
        choose_compression([request.response_compressed.value], context)
        echo_metadata(context)
        fail_as_asked(request, context)
        return messages.SimpleResponse(payload=payload(request.response_size))

    def _answers(self, request, context):
        for wanted in request.response_parameters:
            if not wanted.compressed.value:
                context.disable_next_message_compression()
            if wanted.interval_us > 0:
                time.sleep(wanted.interval_us / 1e6)
            yield messages.StreamingOutputCallResponse(payload=payload(wanted.size))
        fail_as_asked(request, context)

    def StreamingOutputCall(self, request, context):
        choose_compression([wanted.compressed.value for wanted in request.response_parameters], context)
        echo_metadata(context)
        yield from self._answers(request, context)

    def StreamingInputCall(self, request_iterator, context):
        size = sum(len(request.payload.body) for request in request_iterator)
        return messages.StreamingInputCallResponse(aggregated_payload_size=size)

    def FullDuplexCall(self, request_iterator, context):
        echo_metadata(context)
        for request in request_iterator:
            yield from self._answers(request, context)


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    services.add_TestServiceServicer_to_server(TestService(), server)
    key = os.environ.get("INTEROP_KEY")
    if key:
        pair = (key.encode(), os.environ["INTEROP_CERT"].encode())
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(None).wait()


if __name__ == "__main__":
    serve()
