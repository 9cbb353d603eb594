//! The same with one read of a table before it answers: what every function of ours must do, and nothing that it may.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use shared::platform::{config, https};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let table = config::table_name()?;
    let client = Client::new(&https::sdk_config_from_env().await?);
    run(service_fn(async |_: Request| {
        let key = |value: &str| AttributeValue::S(value.to_owned());
        let read = client.get_item().table_name(&table).key("PK", key("health")).key("SK", key("health"));
        read.consistent_read(true).send().await.map_err(Box::new)?;
        Ok::<_, Error>(Response::new(Body::from("{}")))
    }))
    .await
}
