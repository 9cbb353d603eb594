//! Secrets: from Secrets Manager on AWS, from a variable where there is none.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use secrecy::SecretString;

use crate::platform::env::var;

const ATTEMPT: Duration = Duration::from_secs(1);
const BUDGET: Duration = Duration::from_secs(3);

/// The value of the variable, or of the secret whose ARN or name stands in the variable `<name>_SECRET`.
///
/// # Errors
/// When there is such a secret and it cannot be read. The message never holds its value.
pub async fn find(sdk: &SdkConfig, name: &str) -> Result<Option<SecretString>, String> {
    if let Some(value) = var(name) {
        return Ok(Some(value.into()));
    }
    let Some(id) = var(&format!("{name}_SECRET")) else { return Ok(None) };
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(BUDGET);
    let config = aws_sdk_secretsmanager::config::Builder::from(sdk)
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts.build())
        .build();
    let answer = Client::from_conf(config).get_secret_value().secret_id(id).send().await.map_err(|error| {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or("no answer");
        format!("the secret of {name}_SECRET cannot be read: {code}")
    })?;
    match answer.secret_string {
        Some(value) => Ok(Some(value.into())),
        None => Err(format!("the secret of {name}_SECRET is no text")),
    }
}
