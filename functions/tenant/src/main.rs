//! The Lambda function `tenant`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run_on_events(tenant::handle).await
}
