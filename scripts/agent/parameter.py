"""A secret out of SSM, read with the instance's role."""

from .exchange import ANSWER_SECONDS, FailedError


def parameter(name: str, region: str, endpoint: str | None) -> str:
    """The decrypted value of an SSM parameter; raises FailedError when it is not to be had."""
    import boto3  # noqa: PLC0415 - a second of a small machine; the way gateway needs it not
    import botocore.exceptions  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    # Debian's boto3 does not read AWS_ENDPOINT_URL by itself.
    patient = Config(connect_timeout=5, read_timeout=ANSWER_SECONDS, retries={"max_attempts": 1})
    try:
        ssm = boto3.client("ssm", region_name=region, endpoint_url=endpoint, config=patient)
        return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise FailedError(f"{name}: {error}") from error
