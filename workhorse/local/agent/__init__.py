"""The program that runs on an embedded instance: it joins Jenkins and runs builds.

An instance of the embedded AWS starts it as its body (`python -S -m workhorse.local.agent`).
Sixty of them share two cores, so it imports the standard library only and little of that.
"""
