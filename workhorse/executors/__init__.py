"""Who makes a pool's size true: ours, found by the entry points `workhorse.executors`.

An entry point names a dataclass of options with a method `executor`, see
`loops.ports.ExecutorKind`; a package of anybody's may add its own.
"""
