//! The Lambda function `schedule`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run(schedule::ROUTES).await
}
