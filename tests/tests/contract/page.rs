//! The page at `/` of the local server: all of it comes from the binary.

use api_tests::Product;
use reqwest::Method;
use serde_json::json;

const FILES: [(&str, &str); 5] = [
    ("/", "text/html; charset=utf-8"),
    ("/assets/page.js", "text/javascript; charset=utf-8"),
    ("/assets/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("/assets/swagger-ui.css", "text/css; charset=utf-8"),
    ("/openapi.yaml", "application/yaml"),
];

#[tokio::test]
async fn every_file_has_its_type_and_may_load_nothing_from_elsewhere() {
    let product = Product::start().await;
    for (path, content_type) in FILES {
        let answer = product.anonymous().get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), content_type, "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none';"), "{path}");
    }
    assert_eq!(product.anonymous().get("/openapi.yaml").await.text, crate::read("openapi.yaml"));
}

#[tokio::test]
async fn the_page_names_no_file_that_is_not_there() {
    let product = Product::start().await;
    let page = product.anonymous().get("/").await.text;
    let named = page.split('"').filter(|word| word.starts_with("/assets/"));
    let served = FILES.iter().map(|(path, _)| *path).filter(|path| path.starts_with("/assets/"));
    crate::assert_none(&crate::differences(("the page", named), ("the server", served)));
    // And the other page that it leads to.
    assert!(page.contains("\"/studio\""), "{page}");
    assert_eq!(product.anonymous().get("/studio").await.status, 200);
}

#[tokio::test]
async fn what_is_not_read_there_is_still_the_products_to_refuse() {
    let product = Product::start().await;
    for (path, _) in FILES {
        product.anonymous().post(path, &json!({})).await.refused(404, "route_not_found");
        product.anonymous().send(Method::DELETE, path, &[], None).await.refused(404, "route_not_found");
    }
}
