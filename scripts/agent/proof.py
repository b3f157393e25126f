"""Proof of who this instance is: a signed GetCallerIdentity call that somebody else makes.

The call is signed with the credentials of the instance's role, which the gateway does not see. The
signature covers whom the proof is for and a number that the gateway gave out once, so that it is of
no use to anybody else, or twice.
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from .metadata import Keys

BODY = "Action=GetCallerIdentity&Version=2011-06-15"
FORM = "application/x-www-form-urlencoded"


def proof(keys: Keys, region: str, endpoint: str, audience: str, nonce: str) -> dict[str, object]:
    """The call to STS at `endpoint`, signed and not made, as JSON of the gateway's contract."""
    import botocore.auth  # noqa: PLC0415 - half a second of a small machine; the rest needs it not
    import botocore.awsrequest  # noqa: PLC0415
    import botocore.credentials  # noqa: PLC0415

    headers = {
        "Content-Type": FORM,
        "X-Workhorse-Server": audience,
        "X-Workhorse-Nonce": nonce,
    }
    request = botocore.awsrequest.AWSRequest(
        method="POST", url=endpoint, data=BODY, headers=headers
    )
    credentials = botocore.credentials.Credentials(keys.access_key, keys.secret_key, keys.token)
    botocore.auth.SigV4Auth(credentials, "sts", region).add_auth(request)
    return {"method": "POST", "url": endpoint, "headers": dict(request.headers), "body": BODY}
