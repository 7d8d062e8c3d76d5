"""Tokens API 2021-03-01: restricted data tokens; client layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from channels_amazon.spapi import fields, operations
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.fields import JsonObject


@dataclass(frozen=True, slots=True)
class RestrictedResource:
    """A path whose personal data the token shall open."""

    method: str
    path: str
    data_elements: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RestrictedDataToken:
    """A token for the named paths only; never shown by repr.

    Its lifetime is in seconds, 0 where Amazon does not state it.
    """

    token: str = field(repr=False)
    expires_in: int


def create_restricted_data_token(
    client: SpApiClient, resources: Sequence[RestrictedResource]
) -> RestrictedDataToken:
    """Return a token that opens the resources; it reads nothing by itself.

    Raises InvalidRequest when the application lacks the restricted role.
    """
    listed = [_resource(resource) for resource in resources]
    answer = client.call(
        operations.CREATE_RESTRICTED_DATA_TOKEN, body={"restrictedResources": listed}
    )
    return fields.parse(answer, _token)


def _resource(resource: RestrictedResource) -> JsonObject:
    data: JsonObject = {"method": resource.method, "path": resource.path}
    if resource.data_elements:
        data["dataElements"] = list(resource.data_elements)
    return data


def _token(data: JsonObject) -> RestrictedDataToken:
    # Amazon's older guides show a `payload` around the answer; its model has none.
    inner = fields.json_object(data, "payload") or data
    return RestrictedDataToken(
        token=fields.text(inner, "restrictedDataToken"),
        expires_in=fields.optional_integer(inner, "expiresIn") or 0,
    )
