"""gRPC's interoperability test cases, from Python's grpcio.

Run it with the folder of the stubs, which grpc_tools makes from the contract, on PYTHONPATH, the server's address in
INTEROP_ADDRESS and, for TLS, the authority's certificate in INTEROP_CA. The exit code is 0 if all went well.
"""

import os
import unittest

import grpc
from grpc.testing import interop_pb2 as messages
from grpc.testing import interop_pb2_grpc as services

TIMEOUT = 10
SIZES = [31415, 9, 2653, 58979]


def payload(size):
    return messages.Payload(body=bytes(size))


class InteropTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        address = os.environ["INTEROP_ADDRESS"]
        ca = os.environ.get("INTEROP_CA")
        if ca:
            cls.channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(ca.encode()))
        else:
            cls.channel = grpc.insecure_channel(address)
        cls.test = services.TestServiceStub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()

    def failure(self, call):
        """What a call failed with."""
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        return caught.exception

    def test_unary(self):
        self.test.EmptyCall(messages.Empty(), timeout=TIMEOUT)
        for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
            for compressed in (False, True):
                request = messages.SimpleRequest(
                    response_size=314159,
                    payload=payload(271828),
                    response_compressed=messages.BoolValue(value=compressed),
                )
                response = self.test.UnaryCall(request, timeout=TIMEOUT, compression=compression)
                self.assertEqual(len(response.payload.body), 314159)

    def test_client_streaming(self):
        sizes = [27182, 8, 1828, 45904]
        for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
            requests = (messages.StreamingInputCallRequest(payload=payload(size)) for size in sizes)
            response = self.test.StreamingInputCall(requests, timeout=TIMEOUT, compression=compression)
            self.assertEqual(response.aggregated_payload_size, 74922)

    def test_client_compressed_unary(self):
        for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
            for expected in (False, True):
                request = messages.SimpleRequest(
                    response_size=314159,
                    payload=payload(271828),
                    expect_compressed=messages.BoolValue(value=expected),
                )
                call = lambda: self.test.UnaryCall(request, timeout=TIMEOUT, compression=compression)
                if expected == (compression is grpc.Compression.Gzip):
                    self.assertEqual(len(call().payload.body), 314159)
                else:
                    self.assertEqual(self.failure(call).code(), grpc.StatusCode.INVALID_ARGUMENT)

    def test_client_compressed_streaming(self):
        # grpcio's clients compress all messages of a stream, or none.
        for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
            for expected in (False, True):
                requests = (
                    messages.StreamingInputCallRequest(
                        payload=payload(size), expect_compressed=messages.BoolValue(value=expected)
                    )
                    for size in (27182, 45904)
                )
                call = lambda: self.test.StreamingInputCall(requests, timeout=TIMEOUT, compression=compression)
                if expected == (compression is grpc.Compression.Gzip):
                    self.assertEqual(call().aggregated_payload_size, 73086)
                else:
                    self.assertEqual(self.failure(call).code(), grpc.StatusCode.INVALID_ARGUMENT)

    def test_server_streaming(self):
        wanted = [
            messages.ResponseParameters(size=size, compressed=messages.BoolValue(value=index % 2 == 0))
            for index, size in enumerate(SIZES)
        ]
        request = messages.StreamingOutputCallRequest(response_parameters=wanted)
        responses = self.test.StreamingOutputCall(request, timeout=TIMEOUT)
        self.assertEqual([len(response.payload.body) for response in responses], SIZES)

    def test_ping_pong_and_empty_stream(self):
        requests = (
            messages.StreamingOutputCallRequest(response_parameters=[messages.ResponseParameters(size=size)])
            for size in SIZES
        )
        responses = self.test.FullDuplexCall(requests, timeout=TIMEOUT)
        self.assertEqual([len(response.payload.body) for response in responses], SIZES)
        self.assertEqual(list(self.test.FullDuplexCall(iter(()), timeout=TIMEOUT)), [])

    def test_custom_metadata(self):
        sent = (
            ("x-grpc-test-echo-initial", "test_initial_metadata_value"),
            ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab"),
        )
        _, call = self.test.UnaryCall.with_call(messages.SimpleRequest(), timeout=TIMEOUT, metadata=sent)
        self.assertIn(sent[0], list(call.initial_metadata()))
        self.assertIn(sent[1], list(call.trailing_metadata()))

    def test_status(self):
        for text in ("test status message", "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"):
            status = messages.EchoStatus(code=2, message=text)
            error = self.failure(
                lambda: self.test.UnaryCall(messages.SimpleRequest(response_status=status), timeout=TIMEOUT)
            )
            self.assertEqual((error.code(), error.details()), (grpc.StatusCode.UNKNOWN, text))

    def test_unimplemented(self):
        unknown = services.UnimplementedServiceStub(self.channel)
        for stub in (self.test, unknown):
            error = self.failure(lambda: stub.UnimplementedCall(messages.Empty(), timeout=TIMEOUT))
            self.assertEqual(error.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_timeout_on_sleeping_server(self):
        slow = messages.StreamingOutputCallRequest(
            response_parameters=[messages.ResponseParameters(size=1, interval_us=60_000_000)]
        )
        error = self.failure(lambda: list(self.test.StreamingOutputCall(slow, timeout=0.05)))
        self.assertEqual(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def test_cancel_after_first_response(self):
        request = messages.StreamingOutputCallRequest(
            response_parameters=[
                messages.ResponseParameters(size=1),
                messages.ResponseParameters(size=1, interval_us=60_000_000),
            ]
        )
        responses = self.test.StreamingOutputCall(request, timeout=TIMEOUT)
        next(responses)
        responses.cancel()
        self.assertEqual(self.failure(lambda: next(responses)).code(), grpc.StatusCode.CANCELLED)


if __name__ == "__main__":
    unittest.main()
