//! A transaction that is repeated is repeated to the byte.
//!
//! Every repetition carries the client request token of the first, and DynamoDB refuses a token that comes
//! with other parameters. Whether it compares their meaning or their bytes is not documented, and the SDK
//! writes the members of an item in the order of a hash map, another one each time. So they are sorted.

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

#[derive(Debug)]
pub(super) struct SameBytes;

impl Intercept for SameBytes {
    fn name(&self) -> &'static str {
        "SameBytes"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let mut body: Value = serde_json::from_slice(request.body().bytes().ok_or("a request that is streamed")?)?;
        body.sort_all_objects();
        let body = serde_json::to_vec(&body)?;
        request.headers_mut().insert("content-length", body.len().to_string());
        *request.body_mut() = SdkBody::from(body);
        Ok(())
    }
}
