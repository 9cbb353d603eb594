//! `openapi.yaml`, and what it says about an answer.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub struct Description {
    document: Value,
}

/// One call. Its lists of parameters and its responses are resolved.
pub struct Operation {
    pub id: String,
    /// The function that serves it.
    pub tag: String,
    pub method: String,
    pub path: String,
    pub parameters: Vec<Value>,
    pub request: Value,
    pub responses: Vec<(u16, Value)>,
    pub needs_token: bool,
}

impl Description {
    pub fn get() -> &'static Self {
        static DESCRIPTION: OnceLock<Description> = OnceLock::new();
        DESCRIPTION.get_or_init(|| {
            let document = serde_saphyr::from_str(include_str!("../../openapi.yaml")).expect("openapi.yaml is YAML");
            Self { document }
        })
    }

    pub fn at(&self, pointer: &str) -> &Value {
        self.document.pointer(pointer).unwrap_or_else(|| panic!("openapi.yaml has no {pointer}"))
    }

    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.resolve(self.at(reference.trim_start_matches('#'))),
            None => value,
        }
    }

    pub fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for (path, item) in object(self.at("/paths")) {
            for (method, operation) in object(item).iter().filter(|(key, _)| METHODS.contains(&key.as_str())) {
                let both = list(&item["parameters"]).chain(list(&operation["parameters"]));
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                operations.push(Operation {
                    id: text(&operation["operationId"]),
                    tag: text(&operation["tags"][0]),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    parameters: both.map(|parameter| self.resolve(parameter).clone()).collect(),
                    request: operation["requestBody"]["content"]["application/json"].clone(),
                    responses: object(&operation["responses"])
                        .iter()
                        .map(|(status, response)| (status.parse().expect("a status"), self.resolve(response).clone()))
                        .collect(),
                    needs_token: operation["security"] != json!([]),
                });
            }
        }
        operations
    }

    /// Every pair of status and code that some response names.
    pub fn codes(&self) -> BTreeSet<(u16, String)> {
        let operations = self.operations();
        let responses =
            operations.iter().flat_map(|operation| &operation.responses).filter(|(status, _)| *status >= 400);
        responses.flat_map(|(status, response)| codes_of(response).into_iter().map(|code| (*status, code))).collect()
    }
}

/// The codes that a response's schema allows.
pub fn codes_of(response: &Value) -> Vec<String> {
    let schema = &response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"];
    list(&schema["enum"]).chain(schema.get("const")).map(|code| code.as_str().expect("a code").to_owned()).collect()
}

/// The values of `example` and `examples`.
pub fn examples_of<'a>(description: &'a Description, media: &'a Value) -> Vec<&'a Value> {
    let named = media["examples"].as_object().into_iter().flat_map(Map::values);
    media.get("example").into_iter().chain(named.map(|example| &description.resolve(example)["value"])).collect()
}

pub fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("an object, not {value}"))
}

pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
