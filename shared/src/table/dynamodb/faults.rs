//! What becomes of each kind of error that DynamoDB answers.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::Attributes;
use crate::table::{Fault, Item, Refusal, Transacted};

/// Codes after which the request certainly was not carried out, and may be if it is sent again.
///
/// The signature is made anew for each attempt, with the time of that moment as corrected by the SDK after
/// the `Date` of the last answer. So what an environment signed before it was frozen, or with a clock
/// that stood still, is put right by the next attempt. New credentials may take a moment to be known.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
const BUSY: &[&str] = &[
    "ThrottlingException",
    "ThrottlingError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "TransactionConflictException",
    "ReplicatedWriteConflictException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "RequestTimeTooSkewed",
    "RequestExpired",
    "ExpiredTokenException",
    "ExpiredToken",
    "UnrecognizedClientException",
];

/// Codes after which the request may have been carried out. Whatever else has a status of 5xx is one of them, too.
///
/// The last two speak of a client request token. `Table` makes a new one for each decision, so who used it before was
/// an earlier attempt at this very decision: it arrived, and it may be done. The same token is kept then. A
/// new one would carry the decision out a second time, which only some of our writes refuse by themselves.
const UNKNOWN: &[&str] = &[
    "InternalServerError",
    "InternalServerErrorException",
    "InternalFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "TransactionInProgressException",
    "IdempotentParameterMismatchException",
];

/// Reasons for which a transaction is cancelled however often it is sent.
const FOR_EVER: &[&str] = &["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"];

const CONDITION_FAILED: &str = "ConditionalCheckFailed";

/// `Ok` is a failed condition with the item found instead, if one was; `Err` a fault.
pub(super) fn refused_or_fault<E>(error: &SdkError<E, HttpResponse>) -> Result<Option<Attributes>, Fault>
where
    E: ConditionFailure + ProvideErrorMetadata,
{
    match error.as_service_error().and_then(ConditionFailure::condition_failure) {
        Some(found) => Ok((!found.is_empty()).then_some(found)),
        None => Err(fault(error)),
    }
}

pub(super) fn cancelled_or_fault(error: &SdkError<TransactWriteItemsError, HttpResponse>) -> Result<Transacted, Fault> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled_for(cancelled.cancellation_reasons())
        }
        _ => Err(fault(error)),
    }
}

/// Nothing was written. Without a reason that lasts, the next attempt may go through.
fn cancelled_for(reasons: &[CancellationReason]) -> Result<Transacted, Fault> {
    let codes: Vec<&str> = reasons.iter().filter_map(CancellationReason::code).filter(|code| *code != "None").collect();
    if codes.contains(&CONDITION_FAILED) {
        let refusals = reasons.iter().map(|reason| match reason.code() {
            Some(CONDITION_FAILED) => Refusal::Failed(reason.item().cloned().map(Item::from)),
            _ => Refusal::Passed,
        });
        return Ok(Transacted::Refused(refusals.collect()));
    }
    let cause = format!("transaction cancelled: {codes:?}");
    if codes.iter().any(|code| FOR_EVER.contains(code)) { Err(Fault::Broken(cause)) } else { Err(Fault::Busy(cause)) }
}

pub(super) fn fault<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Fault {
    match error {
        SdkError::ServiceError(service) => {
            let Some(code) = service.err().code() else { return Fault::Unknown("no error code".to_owned()) };
            if BUSY.contains(&code) {
                Fault::Busy(code.to_owned())
            } else if UNKNOWN.contains(&code) || service.raw().status().is_server_error() {
                Fault::Unknown(code.to_owned())
            } else {
                let message = service.err().message().unwrap_or_default();
                Fault::Broken(format!("{code}: {message} ({})", error.request_id().unwrap_or("no request id")))
            }
        }
        SdkError::TimeoutError(_) => Fault::Unknown("no answer in time".to_owned()),
        SdkError::DispatchFailure(_) => Fault::Unknown("connection failed".to_owned()),
        SdkError::ResponseError(_) => Fault::Unknown("unreadable answer".to_owned()),
        _ => Fault::Broken("the request could not be made".to_owned()),
    }
}

/// The three single writes have an error type each; all of them can be a failed condition.
pub(super) trait ConditionFailure {
    /// The item that was found instead, when the condition failed; empty when there was none.
    fn condition_failure(&self) -> Option<Attributes>;
}

macro_rules! condition_failure {
    ($($operation:ident :: $error:ident),*) => {$(
        impl ConditionFailure for aws_sdk_dynamodb::operation::$operation::$error {
            fn condition_failure(&self) -> Option<Attributes> {
                match self {
                    Self::ConditionalCheckFailedException(failed) => Some(failed.item.clone().unwrap_or_default()),
                    _ => None,
                }
            }
        }
    )*};
}

condition_failure!(put_item::PutItemError, update_item::UpdateItemError, delete_item::DeleteItemError);
