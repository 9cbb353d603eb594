//! The Lambda function `sweeper`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run_on_events(sweeper::handle).await
}
