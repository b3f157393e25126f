"""The two places where late configuration may lie: a bucket, or a path of SSM parameters."""

import base64
import binascii

from botocore.exceptions import ClientError

from workhorse.adapters.session import AwsClients, changing, reading, says
from workhorse.core.errors import Refusal, Surprise

VALUE_CHARACTERS = 8192
"""The most that an advanced parameter holds.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""

VALUE_BYTES = VALUE_CHARACTERS // 4 * 3
"""The most of ours in one: a value is text, so bytes are written in base64."""


class S3Place:
    """Objects of a bucket below a prefix, encrypted as the bucket says."""

    def __init__(self, clients: AwsClients, bucket: str, prefix: str) -> None:
        self._clients = clients
        self._bucket = bucket
        self._prefix = prefix

    def read(self, name: str) -> bytes | None:
        """GetObject.

        Whoever may not list the bucket is told AccessDenied of what is not there: that is
        `Unreadable`, not nothing.
        """
        key = self._prefix + name
        with reading(f"GetObject s3://{self._bucket}/{key}"):
            try:
                answer = self._clients.s3.get_object(Bucket=self._bucket, Key=key)
                found: bytes = answer["Body"].read()
            except ClientError as wrong:
                if says(wrong, "NoSuchKey"):
                    return None
                raise
        return found

    def write(self, name: str, data: bytes) -> None:
        """PutObject."""
        key = self._prefix + name
        with changing(f"PutObject s3://{self._bucket}/{key}"):
            self._clients.s3.put_object(Bucket=self._bucket, Key=key, Body=data)

    def delete(self, name: str) -> None:
        """DeleteObject, which does not mind when there is none."""
        key = self._prefix + name
        with changing(f"DeleteObject s3://{self._bucket}/{key}"):
            self._clients.s3.delete_object(Bucket=self._bucket, Key=key)


class SsmPlace:
    """SecureString parameters below a path; larger ones are advanced parameters, which cost."""

    def __init__(self, clients: AwsClients, path: str) -> None:
        self._clients = clients
        self._path = path

    def read(self, name: str) -> bytes | None:
        """GetParameter, decrypted."""
        parameter = f"{self._path}/{name}"
        with reading(f"GetParameter {parameter}"):
            try:
                answer = self._clients.ssm.get_parameter(Name=parameter, WithDecryption=True)
            except ClientError as wrong:
                if says(wrong, "ParameterNotFound"):
                    return None
                raise
        try:
            return base64.b64decode(answer["Parameter"]["Value"], validate=True)
        except binascii.Error as wrong:
            raise Surprise(f"SSM parameter {parameter}: is no base64: {wrong}") from wrong

    def write(self, name: str, data: bytes) -> None:
        """PutParameter; Intelligent-Tiering, for an advanced one cannot be made standard again."""
        parameter = f"{self._path}/{name}"
        if len(data) > VALUE_BYTES:
            raise Refusal(
                f"SSM parameter {parameter}: {len(data)} bytes, and the largest holds"
                f" {VALUE_BYTES}: keep late configuration in S3"
            )
        with changing(f"PutParameter {parameter}"):
            self._clients.ssm.put_parameter(
                Name=parameter,
                Value=base64.b64encode(data).decode(),
                Type="SecureString",
                Tier="Intelligent-Tiering",
                Overwrite=True,
            )

    def delete(self, name: str) -> None:
        """DeleteParameter; done as well when there is none."""
        parameter = f"{self._path}/{name}"
        with changing(f"DeleteParameter {parameter}"):
            try:
                self._clients.ssm.delete_parameter(Name=parameter)
            except ClientError as wrong:
                if not says(wrong, "ParameterNotFound"):
                    raise
