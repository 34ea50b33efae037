"""What all tests need: Ctrl-C means something.

A shell's background job ignores it, and so would every process that a test starts and interrupts.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
