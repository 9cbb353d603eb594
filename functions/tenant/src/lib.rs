//! What only the operator does. Never behind the API: it is invoked by whoever may invoke the function.
//!
//! An event is a JSON object with an `action`; a bad one is an error that names each failing field.

use std::pin::Pin;

use serde_json::{Value, json};
use shared::app::App;
use shared::domain::access_code::AccessCode;
use shared::domain::email::Email;
use shared::domain::ids::TenantId;
use shared::domain::password::Password;
use shared::domain::permission::Permissions;
use shared::domain::tenant::State;
use shared::domain::text::{self, Lines};
use shared::domain::user::{NewUser, UserName};
use shared::http::datetime;
use shared::http::fields::Fields;
use shared::lambda::EventResult;
use shared::operations::tenants::{self, NewTenant};
use shared::platform::telemetry;

const ACTIONS: [&str; 5] = ["create_tenant", "reset_master", "suspend_tenant", "resume_tenant", "list_tenants"];

/// Carries out one event.
#[must_use]
pub fn handle(app: &App, event: Value) -> Pin<Box<dyn Future<Output = EventResult> + Send + '_>> {
    Box::pin(async move {
        let action = event["action"].as_str().unwrap_or_default();
        if ACTIONS.contains(&action) {
            telemetry::note("action", action);
        }
        match action {
            "create_tenant" => create_tenant(app, &event).await,
            "reset_master" => reset_master(app, &event).await,
            "suspend_tenant" => set_state(app, &event, State::Suspended).await,
            "resume_tenant" => set_state(app, &event, State::Active).await,
            "list_tenants" => list_tenants(app).await,
            _ => Err(format!("action: must be one of {}", ACTIONS.join(", "))),
        }
    })
}

async fn create_tenant(app: &App, event: &Value) -> EventResult {
    let mut fields = Fields::of(event);
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
    let id = tenants::create_tenant(app, app.random.uuid().into(), new).await.map_err(|error| error.to_string())?;
    telemetry::note("tenant", app.tenant_mark(&id));
    Ok(json!({"tenant_id": id.as_str()}))
}

async fn reset_master(app: &App, event: &Value) -> EventResult {
    let mut fields = Fields::of(event);
    let tenant = fields.tenant_id();
    let password = fields.text("password", Password::parse);
    let (tenant, password) = fields.finish(|| Some((tenant?, password?)))?;
    telemetry::note("tenant", app.tenant_mark(&tenant));
    found(tenants::reset_master(app, &tenant, &password).await)
}

async fn set_state(app: &App, event: &Value, state: State) -> EventResult {
    let mut fields = Fields::of(event);
    let tenant: Option<TenantId> = fields.tenant_id();
    let tenant = fields.finish(|| tenant)?;
    telemetry::note("tenant", app.tenant_mark(&tenant));
    found(tenants::set_state(app, &tenant, state).await)
}

async fn list_tenants(app: &App) -> EventResult {
    let tenants = tenants::list_tenants(app).await.map_err(|error| error.to_string())?;
    let tenants: Vec<Value> = tenants
        .into_iter()
        .map(|(id, tenant)| {
            json!({"tenant_id": id.as_str(), "name": tenant.name, "state": tenant.state.as_str(),
                   "created_datetime": datetime::with_space(tenant.created_at), "mark": app.tenant_mark(&id)})
        })
        .collect();
    Ok(json!({"tenants": tenants}))
}

fn found(result: Result<bool, shared::operations::Error>) -> EventResult {
    match result {
        Ok(true) => Ok(json!({"ok": true})),
        Ok(false) => Err("tenant_id: there is no such tenant".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
