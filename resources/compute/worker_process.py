"""The inside of a process that works beside others: takes a call, answers, takes the next."""

import sys
from multiprocessing.connection import Connection

from resources.compute.answering_process import Answer, answer_call, follow_parent


def main() -> None:
    """Answer calls on the connection whose number is the first argument, until it is closed."""
    follow_parent()
    connection = Connection(int(sys.argv[1]))
    connection.send((Answer.READY,))
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        connection.send(answer_call(function, arguments, {}))
