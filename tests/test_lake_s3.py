"""A lake in an object store: a server that speaks S3, from a package, is behind it."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from lakes import Read, delta_table, unlike_file
from pyarrow import fs
from pyiceberg.catalog import load_catalog
from pyiceberg.utils.config import Config
from real_label_studio import free_port
from scheduling import installing, run, tool
from test_cli import Shell

pytestmark = pytest.mark.timeout(900)

MOTO = ("run", "-q", "--no-project", "--with", "moto[server]==5.2.5")


def iceberg_in_catalog(_folder: str, name: str) -> pa.Table:
    """The rows of a table of the catalog that the environment names."""
    return load_catalog("mine").load_table(("label_studio", name)).scan().to_arrow()


KINDS: dict[str, Read] = {"delta": delta_table, "iceberg": iceberg_in_catalog}


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of the server."""
    command = [tool("uv"), *MOTO]
    installed = run(*command, "python", "-c", "import moto.server", env=installing(), seconds=600)
    if installed.returncode != 0 and not installing().get("CI"):
        pytest.skip(f"moto can't be installed here: {installed.stderr[-300:]}")
    assert installed.returncode == 0, installed.stderr[-3000:]
    port = free_port()
    process = subprocess.Popen(
        [*command, "moto_server", "-H", "127.0.0.1", "-p", str(port)],
        env=installing(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                httpx.get(address, trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def settings(store: str, tmp_path: Path) -> dict[str, str]:
    """What says where the store is, in the variables that the libraries know."""
    return {
        "AWS_ENDPOINT_URL": store,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "only-for-tests",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYICEBERG_CATALOG__MINE__TYPE": "sql",
        "PYICEBERG_CATALOG__MINE__URI": f"sqlite:///{tmp_path}/mine.db",
        "PYICEBERG_CATALOG__MINE__S3__ENDPOINT": store,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_lake_in_an_object_store(
    kind: str,
    settings: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It holds what the file does after a first run, and after one with changes; the key is said nowhere."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    fs.S3FileSystem(endpoint_override=settings["AWS_ENDPOINT_URL"], allow_bucket_creation=True).create_dir(
        f"bucket-of-{kind}"
    )
    lake = f"s3://bucket-of-{kind}/lake"
    shell = Shell(tmp_path, monkeypatch, capsys)
    given = ["--project", "4", "--no-publish", "--destination", "filesystem", "--lake", lake, "--lake-format", kind]
    if kind == "iceberg":
        code, _, err = shell.run(*given)
        assert (code, "name a catalog of PyIceberg's configuration" in err) == (2, True)
        monkeypatch.setenv("WAREHOUSE__LAKE_CATALOG", "mine")
        # PyIceberg has read the environment when it was imported
        monkeypatch.setattr("pyiceberg.catalog._ENV_CONFIG", Config())
    for _ in range(2):
        code, out, err = shell.run(*given, "--reconcile")
        assert code == 0, err
        assert f"lake: {lake} ({kind})" in out
        assert "only-for-tests" not in out + err
        assert unlike_file(lake, KINDS[kind], shell.database) == []
        shell.fake.delete(min(task["id"] for task in shell.fake.tasks.values() if task["project"] == 4))
