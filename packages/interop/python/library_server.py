"""Serves library.v1 with its reflection of v1alpha, from stubs on PYTHONPATH. Prints the port, and serves until it is ended."""

from concurrent import futures

import grpc
from google.protobuf import descriptor_pool
import reflection_pb2
from library_pb2 import Book
import library_pb2_grpc

SERVICE = "library.v1.LibraryService"


class Library(library_pb2_grpc.LibraryServiceServicer):
    def __init__(self):
        self.books = {}

    def GetBook(self, request, context):
        if request.name not in self.books:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no book {request.name}")
        return self.books[request.name]

    def AddBook(self, request, context):
        book = Book()
        book.CopyFrom(request.book)
        book.name = f"{request.shelf}/books/{len(self.books) + 1}"
        book.added_at.FromJsonString("2026-01-02T03:04:05.000000007Z")
        self.books[book.name] = book
        return book

    def ReadShelf(self, request, context):
        for name, book in self.books.items():
            if name.startswith(request.shelf):
                yield book


def reflect(requests, context):
    """grpc.reflection.v1alpha, by the pool that generated code fills: a file without what it imports."""
    pool = descriptor_pool.Default()
    for request in requests:
        answer = reflection_pb2.ServerReflectionResponse()
        if request.HasField("list_services"):
            answer.list_services_response.service.add().name = SERVICE
        else:
            symbol = request.file_containing_symbol
            file = pool.FindFileContainingSymbol(symbol) if symbol else pool.FindFileByName(request.file_by_filename)
            answer.file_descriptor_response.file_descriptor_proto.append(file.serialized_pb)
        yield answer


server = grpc.server(futures.ThreadPoolExecutor())
library_pb2_grpc.add_LibraryServiceServicer_to_server(Library(), server)
# Debian has no package with the service of reflection: this handler stands in for it.
handler = grpc.stream_stream_rpc_method_handler(
    reflect,
    request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
    response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
)
handlers = {"ServerReflectionInfo": handler}
server.add_generic_rpc_handlers(
    (grpc.method_handlers_generic_handler("grpc.reflection.v1alpha.ServerReflection", handlers),)
)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
