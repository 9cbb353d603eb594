//! The table on this machine: an embedded engine that speaks DynamoDB's protocol on a port of its own.
//!
//! The product reaches it through the very SDK that reaches AWS.

use std::net::IpAddr;
use std::path::Path;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TimeToLiveSpecification,
};
use dynoxide::Database;
use shared::platform::env::var;
use shared::platform::https;
use shared::table::dynamodb::DynamoDb;
use shared::table::{PK, SK};
use tokio::net::TcpListener;

/// Serves a database, in memory or in the folder, and answers the URL where.
///
/// # Errors
/// When the database cannot be opened or the port not be bound.
pub async fn serve(data: Option<&Path>, ip: IpAddr) -> Result<String, String> {
    let database = match data {
        None => Database::memory(),
        Some(folder) => Database::new(&folder.join("table.sqlite").to_string_lossy()),
    };
    let database = database.map_err(|error| format!("the table cannot be opened: {error}"))?;
    let listener = TcpListener::bind((ip, 0)).await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    crate::spawn(dynoxide::server::serve_on(listener, database));
    Ok(format!("http://{address}"))
}

/// Opens the table at the URL, making it if it is not there.
///
/// # Errors
/// When the engine refuses.
pub async fn open(url: &str, table: &str) -> Result<DynamoDb, String> {
    let config = sdk_config(url)?;
    create(&Client::new(&config), table).await?;
    Ok(DynamoDb::new(&config, table.to_owned()))
}

/// Credentials and region from the environment if they are there; a local engine takes any.
fn sdk_config(url: &str) -> Result<SdkConfig, String> {
    let or_local = |name| var(name).unwrap_or_else(|| "local".to_owned());
    let credentials = Credentials::new(
        or_local("AWS_ACCESS_KEY_ID"),
        or_local("AWS_SECRET_ACCESS_KEY"),
        var("AWS_SESSION_TOKEN"),
        None,
        "local",
    );
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(var("AWS_REGION").unwrap_or_else(|| "ap-northeast-1".to_owned())))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(https::sdk_client()?)
        .endpoint_url(url)
        .build();
    Ok(config)
}

async fn create(client: &Client, table: &str) -> Result<(), String> {
    let attribute =
        |name: &str| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let wrong = |error: aws_sdk_dynamodb::error::BuildError| error.to_string();
    let created = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute(PK).map_err(wrong)?)
        .attribute_definitions(attribute(SK).map_err(wrong)?)
        .key_schema(key(PK, KeyType::Hash).map_err(wrong)?)
        .key_schema(key(SK, KeyType::Range).map_err(wrong)?)
        .send()
        .await;
    match created {
        Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => {
            return Ok(());
        }
        Err(error) => return Err(format!("the table cannot be made: {:?}", error.into_service_error())),
        Ok(_) => {}
    }
    let ttl = TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(true).build().map_err(wrong)?;
    let _readers_compare_it_themselves =
        client.update_time_to_live().table_name(table).time_to_live_specification(ttl).send().await;
    Ok(())
}
