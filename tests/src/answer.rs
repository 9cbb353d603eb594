//! What the product answered, and what a test expects of it.

use std::io::Read;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("JSON, not {:?}", self.text))
    }

    /// The body of a success.
    pub fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        self.json()
    }

    /// The problem, once its form, status and code are as expected.
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["ok"], false);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {problem}");
        }
        problem
    }

    /// The fields that a refusal names, each with the code of its rule.
    #[must_use]
    pub fn invalid_fields(self) -> Vec<(String, String)> {
        let problem = self.refused(422, "invalid_parameters");
        let errors = problem["errors"].as_array().expect("errors");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        assert!(errors.iter().all(|error| !text(&error["message"]).is_empty()), "{problem}");
        errors.iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect()
    }

    /// A header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII").to_owned()).unwrap_or_default()
    }
}

pub(crate) async fn of(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await?;
    let text = match headers.get("content-encoding") {
        Some(coding) => {
            assert_eq!(coding, "gzip");
            unpacked(&bytes)
        }
        None => String::from_utf8(bytes.into()).expect("UTF-8"),
    };
    Ok(Answer { status, headers, text })
}

/// What was packed by gzip.
#[must_use]
pub fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).expect("text, packed by gzip");
    text
}
