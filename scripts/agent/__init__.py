"""What runs on an agent, from an image: installed to /usr/local/lib/workhorse, owned by root.

One verb a file. They need Python's library, botocore, curl and OpenSSH of the image, and nothing of
this package's controller side: so the decisions of the watcher are here (`vigil`), as pure as those
in `core/`.
"""
