"""Instances of the embedded AWS that boot their image: systemd-nspawn on real root directories.

The embedded AWS starts one as the body of each instance:
`python -m workhorse.local.aws --body "python -m workhorse.local.machine --folder F {instance}"`.
An image is a stack of folders, the instance's own on top; what a bake changed is its image.
It needs root, overlayfs and namespaces; `needs.py` says what is missing.
"""
