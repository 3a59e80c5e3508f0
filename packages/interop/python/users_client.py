"""A foreign client's walk through the users service.

Run it with the folder of the stubs, which grpc_tools makes from the seed's contract, on PYTHONPATH, and the service's
address in USERS_ADDRESS. The exit code is 0 if all went well.
"""

import os
import queue
import threading
import time
import unittest
import uuid

import grpc
from users import user_service_pb2 as messages
from users import user_service_pb2_grpc as services

TIMEOUT = 10


class UsersClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.channel = grpc.insecure_channel(os.environ["USERS_ADDRESS"])
        cls.users = services.UserServiceStub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()

    def setUp(self):
        # Emails of this test end in this, so that a filter finds what this test made.
        self.domain = f"{uuid.uuid4()}.example.com"

    def create(self, name, **fields):
        email = f"{name.lower()}@{self.domain}"
        return self.users.CreateUser(
            messages.CreateUserRequest(name=name, email=email, **fields), timeout=TIMEOUT
        )

    def failure(self, call):
        """What a call failed with."""
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        return caught.exception

    def test_create_and_get(self):
        before = time.time()
        created = self.create("Zoë", age=30, department=messages.ENGINEERING)
        uuid.UUID(created.id)
        self.assertEqual(created.name, "Zoë")
        self.assertEqual(created.email, f"zoë@{self.domain}")
        self.assertEqual(created.age, 30)
        self.assertEqual(created.department, messages.ENGINEERING)
        self.assertEqual(list(created.roles), [])
        self.assertLess(abs(created.created_at.ToNanoseconds() / 1e9 - before), 60)
        got = self.users.GetUser(messages.GetUserRequest(id=created.id), timeout=TIMEOUT)
        self.assertEqual(got, created)

    def test_list_by_filter_and_page(self):
        for number in range(5):
            self.create(f"User{number}", age=20 + number, department=messages.SALES)
        self.create("Other", age=24, department=messages.PRODUCT)
        wanted = f'department=SALES AND age>20 AND email="*@{self.domain}"'
        names, token, pages = [], "", 0
        while pages == 0 or token:
            page = self.users.ListUsers(
                messages.ListUsersRequest(page_size=3, page_token=token, filter=wanted), timeout=TIMEOUT
            )
            self.assertEqual(page.total_count, 4)
            names += [user.name for user in page.users]
            token = page.next_page_token
            pages += 1
        self.assertEqual(names, ["User1", "User2", "User3", "User4"])
        self.assertEqual(pages, 2)

    def test_watch(self):
        started = time.monotonic()
        events = self.users.WatchUsers(messages.WatchRequest(departments=["MARKETING"]), timeout=TIMEOUT)
        first = next(events)
        self.assertLess(time.monotonic() - started, 1, "the first event is late")
        self.assertEqual((first.event_type, first.user.name), ("heartbeat", "system"))
        self.create("Elsewhere", department=messages.SALES)
        created = self.create("Here", department=messages.MARKETING)
        event = next(events)
        self.assertEqual(event.event_type, "created")
        self.assertEqual(event.user, created)
        events.cancel()
        self.assertEqual(self.failure(lambda: next(events)).code(), grpc.StatusCode.CANCELLED)

    def test_upload(self):
        def rows():
            for number in range(1200):
                yield messages.CreateUserRequest(name=f"Row {number}", email=f"row{number}@{self.domain}")
            yield messages.CreateUserRequest(name="Again", email=f"ROW0@{self.domain}")
            yield messages.CreateUserRequest(name="", email="nobody")

        summary = self.users.UploadUsers(rows(), timeout=TIMEOUT)
        self.assertEqual((summary.created, summary.failed), (1200, 2))
        page = self.users.ListUsers(
            messages.ListUsersRequest(filter=f'email="*@{self.domain}"', page_size=1), timeout=TIMEOUT
        )
        self.assertEqual(page.total_count, 1200)

    def test_chat(self):
        to_send = queue.SimpleQueue()
        listener = self.users.Chat(iter(to_send.get, None), timeout=TIMEOUT)
        # The header says that it has joined: what others say from now on, it hears.
        listener.initial_metadata()
        spoken = [messages.ChatMessage(sender="Ann", content=f"{self.domain} {number}") for number in range(3)]
        heard_by_speaker = list(self.users.Chat(iter(spoken), timeout=TIMEOUT))
        self.assertEqual([line.content for line in heard_by_speaker], [line.content for line in spoken])
        heard = [next(listener) for _ in spoken]
        self.assertEqual([(line.sender, line.content) for line in heard], [("Ann", line.content) for line in spoken])
        to_send.put(messages.ChatMessage(sender="Bea", content="bye"))
        self.assertEqual(next(listener).content, "bye")
        to_send.put(None)
        self.assertEqual(list(listener), [])

    def test_chat_between_threads(self):
        def talk(name, heard):
            said = [messages.ChatMessage(sender=name, content=str(number)) for number in range(50)]
            heard[name] = [(line.sender, line.content) for line in self.users.Chat(iter(said), timeout=TIMEOUT)]

        heard = {}
        threads = [threading.Thread(target=talk, args=(name, heard)) for name in ("Ann", "Bea")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name in ("Ann", "Bea"):
            own = [content for sender, content in heard[name] if sender == name]
            self.assertEqual(own, [str(number) for number in range(50)])
        both = [line for line in heard["Ann"] if line in heard["Bea"]]
        self.assertEqual(both, [line for line in heard["Bea"] if line in heard["Ann"]], "two orders")

    def test_errors(self):
        def trailer(error):
            return dict(error.trailing_metadata())["grpc-status-details-bin"]

        unknown = str(uuid.uuid4())
        error = self.failure(lambda: self.users.GetUser(messages.GetUserRequest(id=unknown), timeout=TIMEOUT))
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)
        self.assertEqual(error.details(), f'There is no user "{unknown}"')
        self.assertIn(b"google.rpc.ResourceInfo", trailer(error))

        request = messages.CreateUserRequest(name="", email="nobody", age=-1)
        error = self.failure(lambda: self.users.CreateUser(request, timeout=TIMEOUT))
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(
            error.details(),
            "name is required; email is not an address of the form local@domain; age is not between 0 and 150",
        )
        for expected in (b"google.rpc.ErrorInfo", b"google.rpc.BadRequest", b"name", b"email", b"age"):
            self.assertIn(expected, trailer(error))

        self.create("Ümit")
        error = self.failure(lambda: self.create("ümit"))
        self.assertEqual(error.code(), grpc.StatusCode.ALREADY_EXISTS)
        self.assertEqual(error.details(), f'The email "ümit@{self.domain}" is taken')

    def test_deadline(self):
        events = self.users.WatchUsers(messages.WatchRequest(), timeout=0.2)
        error = self.failure(lambda: list(events))
        self.assertEqual(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)


if __name__ == "__main__":
    unittest.main(verbosity=2)
