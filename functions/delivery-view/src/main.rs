//! The Lambda function `delivery-view`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run(delivery_view::ROUTES).await
}
