"""Buckets and addresses in flags."""

from __future__ import annotations

import argparse
import importlib.util

import pytest

from pipelines.cli import places
from pipelines.cli.options import UsageError
from pipelines.cli.places import check_places, scheme_fault
from pipelines.pages.listing import PagesConfig, pages_named


def flags(**values):
    return argparse.Namespace(**values)


@pytest.fixture
def without_packages(monkeypatch):
    monkeypatch.setattr(places, "_is_installed", lambda module: False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"input": ["a.jpg", "s3://b/x"]}, r"--input s3://b/x needs boto3.*'quire-htr\[aws\]'"),
        ({"input": ["gs://b/*.jpg"]}, r"--input gs://b/\*.jpg needs google.cloud.*\[gcp\]"),
        ({"input": ["@GS://b/list"]}, r"needs google.cloud.storage.*\[gcp\]"),
        ({"output": "azfs://a/b/out"}, r"--output azfs://a/b/out needs azure.*\[azure\]"),
        ({"rules": "hdfs://h/rules.txt"}, r"--rules hdfs://.* needs hdfs.*\[hadoop\]"),
        ({"output": "ftp://h/out"}, "--output ftp://h/out has the scheme ftp, which is not supp"),
        ({"output": "https://h/out"}, "is an address on the web; give a folder or a bucket"),
        ({"model": "gs://b/m"}, r"--model gs://b/m needs google.cloud.*\[gcp\]"),
        ({"show": "gs://b/r"}, "--show gs://b/r is not on a disk of this machine; copy it, or"),
        ({"spelling": "https://h/t"}, "is not on a disk of this machine; copy it$"),
        ({"output": "gs:/b/out"}, "--output gs:/b/out has a scheme without '//'; write gs://BUCK"),
        ({"output": "s3:b/out"}, "--output s3:b/out has a scheme without '//'; write s3://BUCKET"),
    ],
)
def test_what_cannot_be_opened_is_said_with_the_cure(without_packages, values, message):
    with pytest.raises(UsageError, match=message):
        check_places(flags(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"input": ["scans/*.jpg", "https://example.org/manifest.json"], "output": "out"},
        {"query": "SELECT 'x' FROM pages", "count": 3, "set": [("a", "s3://b")], "report": ""},
        {"model": "default"},
    ],
)
def test_other_flags_are_left_alone(without_packages, values):
    check_places(flags(**values))


def test_with_its_package_a_bucket_is_fine(monkeypatch):
    monkeypatch.setattr(places, "_is_installed", lambda module: True)
    check_places(flags(input=["s3://b/x", "gs://b/x"]))


def test_a_package_below_one_that_is_missing_is_not_installed(monkeypatch):
    def find(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    assert "google.cloud.storage, which is not installed" in scheme_fault("gs://b/x")


def test_an_entry_of_a_list_fails_with_the_same_words(without_packages):
    (source,) = pages_named("s3://b/x.jpg", PagesConfig())
    assert source.fault.startswith("s3://b/x.jpg: needs boto3, which is not installed: pip inst")
