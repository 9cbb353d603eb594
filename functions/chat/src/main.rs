//! The Lambda function `chat`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run(chat::ROUTES).await
}
