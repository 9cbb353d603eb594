//! What only the operator does. Never behind the API: IAM says who may invoke this function.
//!
//! An event is a JSON object with an `action`; a bad one is an error that names each failing field.

use std::pin::Pin;

use serde_json::{Value, json};
use shared::app::App;
use shared::domain::access_code::AccessCode;
use shared::domain::email::Email;
use shared::domain::ids::TenantId;
use shared::domain::invalid::Invalid;
use shared::domain::password::Password;
use shared::domain::permission::Permissions;
use shared::domain::source::Source;
use shared::domain::tenant::State;
use shared::domain::text::{self, Lines};
use shared::domain::trail::Author;
use shared::domain::user::{NewUser, UserName};
use shared::http::datetime;
use shared::http::fields::Fields;
use shared::lambda::EventResult;
use shared::operations::locks;
use shared::operations::tenants::{self, Created, NewTenant};
use shared::platform::telemetry;

const ACTIONS: [&str; 7] = [
    "create_tenant",
    "reset_master",
    "suspend_tenant",
    "resume_tenant",
    "list_tenants",
    "set_archive_destinations",
    "unlock",
];

/// All of them, 255 characters each, fit the tenant's item of 400 KB.
const ARCHIVE_DESTINATIONS_AT_MOST: usize = 200;

/// Each is read by itself, one after another, in the ten seconds that the function has.
const TENANTS_AT_MOST: usize = 200;

/// Carries out one event.
#[must_use]
pub fn handle<'a>(
    app: &'a App,
    event: Value,
    request_id: &'a str,
) -> Pin<Box<dyn Future<Output = EventResult> + Send + 'a>> {
    Box::pin(async move {
        let action = event["action"].as_str().unwrap_or_default();
        if ACTIONS.contains(&action) {
            telemetry::note("action", action);
        }
        let operator = Author::operator(request_id);
        match action {
            "create_tenant" => create_tenant(app, &operator, &event).await,
            "reset_master" => reset_master(app, &operator, &event).await,
            "suspend_tenant" => set_state(app, &operator, &event, State::Suspended).await,
            "resume_tenant" => set_state(app, &operator, &event, State::Active).await,
            "list_tenants" => list_tenants(app, &event).await,
            "set_archive_destinations" => set_archive_destinations(app, &operator, &event).await,
            "unlock" => unlock(app, &event).await,
            _ => Err(format!("action: must be one of {}", ACTIONS.join(", "))),
        }
    })
}

async fn create_tenant(app: &App, operator: &Author, event: &Value) -> EventResult {
    let mut fields = Fields::of(event);
    let id = fields.optional("tenant_id", tenant_id);
    let name = fields.text("name", |text| text::parse(text, 100, Lines::One));
    let access_code = fields.text("access_code", AccessCode::parse);
    let master_name = fields.text("master.name", UserName::parse);
    let email = fields.text("master.email", Email::parse);
    let password = fields.text("master.password", Password::parse);
    let new = fields.finish(|| {
        let permissions = Permissions::ALL;
        let master = NewUser { name: master_name?, email: email?, password: password?, permissions };
        Some(NewTenant { name: name?, access_code: access_code?, master })
    })?;
    match tenants::create_tenant(app, operator, id, new).await.map_err(|error| error.to_string())? {
        Created::IdIsTaken => Err("tenant_id: another tenant has it".to_owned()),
        Created::Tenant(id) => {
            telemetry::note("tenant", app.tenant_mark(&id));
            Ok(json!({"tenant_id": id.as_str()}))
        }
    }
}

fn tenant_id(text: &str) -> Result<TenantId, Invalid> {
    TenantId::parse(text).ok_or(Invalid::NotAnId)
}

/// An id of ImageFlux's, compared to the letter: what would be stored otherwise than it was written is refused.
fn archive_destination_id(text: &str) -> Result<String, Invalid> {
    text::parse(text, 255, Lines::One).and_then(|kept| if kept == text { Ok(kept) } else { Err(Invalid::NotAnId) })
}

/// All that its schedules may name from now on; an empty list takes everything away.
async fn set_archive_destinations(app: &App, operator: &Author, event: &Value) -> EventResult {
    let mut fields = Fields::of(event);
    let tenant = fields.text("tenant_id", tenant_id);
    let ids = fields.texts("archive_destination_ids", ARCHIVE_DESTINATIONS_AT_MOST, archive_destination_id);
    let (tenant, ids) = fields.finish(|| Some((tenant?, ids?)))?;
    telemetry::note("tenant", app.tenant_mark(&tenant));
    found(tenants::set_archive_destinations(app, operator, &tenant, &ids.into_iter().collect()).await)
}

/// Ends the locks of log-in for an address, for a source, or for both.
async fn unlock(app: &App, event: &Value) -> EventResult {
    let mut fields = Fields::of(event);
    let email = fields.optional("email", Email::parse);
    let source = fields.optional("source", |text| Source::address(text).ok_or(Invalid::NotAnIpAddress));
    let (email, source) = fields.finish(|| Some((email, source)))?;
    if email.is_none() && source.is_none() {
        return Err("email, source: at least one of them is required".to_owned());
    }
    locks::unlock(app, email.as_ref(), source.as_ref()).await.map_err(|error| error.to_string())?;
    Ok(json!({"ok": true}))
}

async fn reset_master(app: &App, operator: &Author, event: &Value) -> EventResult {
    let mut fields = Fields::of(event);
    let tenant = fields.text("tenant_id", tenant_id);
    let password = fields.text("password", Password::parse);
    let (tenant, password) = fields.finish(|| Some((tenant?, password?)))?;
    telemetry::note("tenant", app.tenant_mark(&tenant));
    found(tenants::reset_master(app, operator, &tenant, &password).await)
}

async fn set_state(app: &App, operator: &Author, event: &Value, state: State) -> EventResult {
    let mut fields = Fields::of(event);
    let tenant: Option<TenantId> = fields.text("tenant_id", tenant_id);
    let tenant = fields.finish(|| tenant)?;
    telemetry::note("tenant", app.tenant_mark(&tenant));
    found(tenants::set_state(app, operator, &tenant, state).await)
}

/// A page of them, by their ids; `next_cursor` is there when there are more.
async fn list_tenants(app: &App, event: &Value) -> EventResult {
    let mut fields = Fields::of(event);
    let limit = fields.optional_count("limit", TENANTS_AT_MOST).unwrap_or(TENANTS_AT_MOST);
    let cursor = fields.optional("cursor", tenant_id);
    let (limit, cursor) = fields.finish(|| Some((limit, cursor)))?;
    let page = tenants::list_tenants(app, cursor.as_ref(), limit).await;
    let (tenants, has_more) = page.map_err(|error| error.to_string())?;
    let next = tenants.last().filter(|_| has_more).map(|(id, _)| id.as_str().to_owned());
    let tenants: Vec<Value> = tenants
        .into_iter()
        .map(|(id, tenant)| {
            json!({"tenant_id": id.as_str(), "name": tenant.name, "state": tenant.state.as_str(),
                   "created_datetime": datetime::with_space(tenant.created_at), "mark": app.tenant_mark(&id)})
        })
        .collect();
    let mut answer = json!({"tenants": tenants});
    if let Some(next) = next {
        answer["next_cursor"] = json!(next);
    }
    Ok(answer)
}

fn found(result: Result<bool, shared::operations::Error>) -> EventResult {
    match result {
        Ok(true) => Ok(json!({"ok": true})),
        Ok(false) => Err("tenant_id: there is no such tenant".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
