"""Every method of the two services: its path on the wire and the types of its messages."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import quota_service_pb2 as quota

RequestT = TypeVar("RequestT", bound=Message)
ResponseT = TypeVar("ResponseT", bound=Message)


@dataclass(frozen=True, slots=True)
class Method(Generic[RequestT, ResponseT]):
    """Names one method, `package.Service/Method`, and types its messages."""

    name: str
    request: type[RequestT]
    response: type[ResponseT]

    @property
    def path(self) -> str:
        """Give the path on the wire."""
        return f"/{self.name}"


_QUOTA = "almoner.v1.QuotaService"
CHECK_QUOTA = Method(f"{_QUOTA}/CheckQuota", quota.CheckQuotaRequest, quota.CheckQuotaResponse)
COMMIT = Method(f"{_QUOTA}/Commit", quota.CommitRequest, quota.CommitResponse)
RELEASE = Method(f"{_QUOTA}/Release", quota.ReleaseRequest, quota.ReleaseResponse)
EXTEND = Method(f"{_QUOTA}/Extend", quota.ExtendRequest, quota.ExtendResponse)
ADJUST = Method(f"{_QUOTA}/Adjust", quota.AdjustRequest, quota.AdjustResponse)
GET_STATUS = Method(f"{_QUOTA}/GetStatus", quota.GetStatusRequest, quota.GetStatusResponse)
BATCH_CHECK_QUOTA = Method(
    f"{_QUOTA}/BatchCheckQuota", quota.BatchCheckQuotaRequest, quota.BatchCheckQuotaResponse
)
BATCH_COMMIT = Method(f"{_QUOTA}/BatchCommit", quota.BatchCommitRequest, quota.BatchCommitResponse)

_ADMIN = "almoner.v1.AdminService"
SET_LIMIT = Method(f"{_ADMIN}/SetLimit", admin.SetLimitRequest, admin.SetLimitResponse)
DELETE_LIMIT = Method(f"{_ADMIN}/DeleteLimit", admin.DeleteLimitRequest, admin.DeleteLimitResponse)
LIST_LIMITS = Method(f"{_ADMIN}/ListLimits", admin.ListLimitsRequest, admin.ListLimitsResponse)
LIST_LIMIT_CHANGES = Method(
    f"{_ADMIN}/ListLimitChanges", admin.ListLimitChangesRequest, admin.ListLimitChangesResponse
)
SET_USER_GROUPS = Method(f"{_ADMIN}/SetUserGroups", admin.SetUserGroupsRequest, admin.SetUserGroupsResponse)
GET_USER_GROUPS = Method(f"{_ADMIN}/GetUserGroups", admin.GetUserGroupsRequest, admin.GetUserGroupsResponse)
CREATE_NAMESPACE = Method(
    f"{_ADMIN}/CreateNamespace", admin.CreateNamespaceRequest, admin.CreateNamespaceResponse
)
UPDATE_NAMESPACE = Method(
    f"{_ADMIN}/UpdateNamespace", admin.UpdateNamespaceRequest, admin.UpdateNamespaceResponse
)
LIST_NAMESPACES = Method(
    f"{_ADMIN}/ListNamespaces", admin.ListNamespacesRequest, admin.ListNamespacesResponse
)
LIST_CHARGES = Method(f"{_ADMIN}/ListCharges", admin.ListChargesRequest, admin.ListChargesResponse)
LIST_HOLDS = Method(f"{_ADMIN}/ListHolds", admin.ListHoldsRequest, admin.ListHoldsResponse)
