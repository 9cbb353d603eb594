//! The way out: one TLS stack with one crypto provider and bundled roots, for ImageFlux and for AWS alike.
//!
//! The SDK's own client reads and parses the machine's certificates at its first call, even without TLS,
//! and brings HTTP/2 along, which `DynamoDB` does not speak.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_sdk_secretsmanager::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use lambda_http::http;
use reqwest::redirect;

/// To AWS; how long a whole attempt may take, the callers of the SDK say.
const CONNECT: Duration = Duration::from_millis(500);
const POOL_IDLE: Duration = Duration::from_secs(90);

/// A client that follows no redirect and asks no proxy.
pub fn client(connect: Duration, pool_idle: Duration) -> Result<reqwest::Client, String> {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<rustls::RootCertStore>();
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(connect)
        .pool_idle_timeout(pool_idle)
        .build()
        .map_err(|error| error.to_string())
}

/// Region, credentials and endpoints from the environment, which is where Lambda puts them. The SDK's own chain would
/// find them there too, after it has made clients for all the other places.
pub async fn sdk_config_from_env() -> Result<SdkConfig, String> {
    let environment = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .http_client(sdk_client()?);
    Ok(environment.load().await)
}

/// The same client for the SDK.
pub fn sdk_client() -> Result<SharedHttpClient, String> {
    let connector = SharedHttpConnector::new(Connector(client(CONNECT, POOL_IDLE)?));
    Ok(http_client_fn(move |_settings, _components| connector.clone()))
}

#[derive(Debug)]
struct Connector(reqwest::Client);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { send(&client, request).await })
    }
}

async fn send(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let body = body.bytes().ok_or_else(|| ConnectorError::user("a request that is streamed".into()))?.to_vec();
    let request = reqwest::Request::try_from(http::Request::from_parts(parts, body))
        .map_err(|error| ConnectorError::user(error.into()))?;
    let mut answer = client.execute(request).await.map_err(failure)?;
    let mut response = http::Response::new(());
    *response.status_mut() = answer.status();
    std::mem::swap(response.headers_mut(), answer.headers_mut());
    let body = answer.bytes().await.map_err(failure)?;
    HttpResponse::try_from(response.map(|()| SdkBody::from(body)))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

fn failure(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) }
}
