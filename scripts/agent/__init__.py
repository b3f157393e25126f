"""What runs on an agent, from an image: installed to /usr/local/lib/workhorse, owned by root.

One verb a file. They need Python's library, boto3 and curl of the image, and nothing of this
package's controller side.
"""
