//! The pages: at `/` the API's description, to read and to try; at `/studio` buttons for the simulated ImageFlux, and a
//! player. All of it is in the binary.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, header};
use axum::routing::get;

use crate::apps::Apps;
use crate::gateway;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Path, content type and content.
type File = (&'static str, &'static str, &'static [u8]);

const FILES: &[File] = &[
    ("/", HTML, include_bytes!("../assets/index.html")),
    ("/assets/page.js", SCRIPT, include_bytes!("../assets/page.js")),
    ("/assets/swagger-ui-bundle.js", SCRIPT, include_bytes!("../assets/swagger-ui/swagger-ui-bundle.js")),
    ("/assets/swagger-ui.css", STYLE, include_bytes!("../assets/swagger-ui/swagger-ui.css")),
    ("/studio", HTML, include_bytes!("../assets/studio/index.html")),
    ("/assets/studio.css", STYLE, include_bytes!("../assets/studio/studio.css")),
    ("/assets/studio.js", SCRIPT, include_bytes!("../assets/studio/studio.js")),
    ("/assets/player.js", SCRIPT, include_bytes!("../assets/studio/player.js")),
    ("/assets/hls.light.min.js", SCRIPT, include_bytes!("../assets/hls.js/hls.light.min.js")),
    ("/openapi.yaml", "application/yaml", include_bytes!("../../openapi.yaml")),
];

/// A page talks to the server that it came from, and to nobody else; but a stream comes from wherever it is played.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'";
const STUDIO_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
                             connect-src http: https:; media-src blob: http: https:; \
                             base-uri 'none'; form-action 'none'";

/// Whatever but GET is asked of these paths is the product's to refuse.
pub fn files() -> Router<Apps> {
    FILES.iter().fold(Router::new(), |router, (path, content_type, content)| {
        router.route(path, get(move || async move { file(path, content_type, content) }).fallback(gateway::handle))
    })
}

fn file(path: &str, content_type: &'static str, content: &'static [u8]) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from_static(content)));
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, if path == "/studio" { STUDIO_POLICY } else { POLICY }),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
