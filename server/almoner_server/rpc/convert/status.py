"""What is left: the answer to GetStatus."""

from almoner.v1.quota_service_pb2 import GetStatusResponse
from almoner.v1.resources_pb2 import Account, AccountKind, Period
from almoner.v1.resources_pb2 import AccountStatus as AccountStatusMessage
from almoner.v1.resources_pb2 import Usage as UsageMessage

from almoner_server.core.status import AccountStatus, StatusReport, Usage
from almoner_server.rpc.convert.decisions import limit_status
from almoner_server.rpc.convert.times import timestamp, window_bound


def status_response(report: StatusReport) -> GetStatusResponse:
    """Convert a status report."""
    return GetStatusResponse(
        limits=[limit_status(limit) for limit in report.limits],
        accounts=[_account(account) for account in report.accounts],
        chat_chain=report.chain,
        chat_remaining=report.chain_remaining,
        as_of_time=timestamp(report.now),
    )


def _account(status: AccountStatus) -> AccountStatusMessage:
    return AccountStatusMessage(
        account=Account(kind=AccountKind.ValueType(status.key.kind), id=status.key.id),
        usages=[_usage(usage) for usage in status.usages],
        open_holds=status.open_holds,
        open_estimates=status.open_estimates,
        open_unpriced=status.open_unpriced,
    )


def _usage(usage: Usage) -> UsageMessage:
    return UsageMessage(
        unit=usage.unit,
        period=Period.ValueType(usage.period),
        spent=usage.spent,
        held=usage.held,
        window_start_time=None if usage.window_start is None else window_bound(usage.window_start),
        reset_time=None if usage.reset_time is None else window_bound(usage.reset_time),
    )
