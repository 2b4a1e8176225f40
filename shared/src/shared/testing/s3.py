"""S3 for tests: moto's server on loopback, with a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

BUCKET, ID, KEY, REGION = "bucket", "an-id-of-a-key", "hush-hush-hush", "us-east-1"


@contextmanager
def s3_server(bucket: str = BUCKET) -> Iterator[tuple[str, Any]]:
    """Serve S3 with an empty bucket; give its address and a client for it. Whoever calls has `moto[server]`."""
    url, client = served()
    client.create_bucket(Bucket=bucket)
    try:
        yield url, client
    finally:
        for found in client.list_objects_v2(Bucket=bucket).get("Contents", []):
            client.delete_object(Bucket=bucket, Key=found["Key"])
        client.delete_bucket(Bucket=bucket)


@cache
def served() -> tuple[str, Any]:
    """Start the server, once a process, of which it is a thread; return its address and a client for it."""
    import boto3
    from botocore.config import Config
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=ID,
        aws_secret_access_key=KEY,
        region_name=REGION,
        config=Config(retries={"max_attempts": 0}),
    )
    return url, client
