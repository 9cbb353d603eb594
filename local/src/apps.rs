//! What each function is given: the same in all but the table, which a guard may narrow to the function's role.

use std::sync::Arc;

use shared::app::App;
use shared::table::{Backend, Table};

/// From a function's name and the whole table to the table as the function sees it.
pub type Guard = Arc<dyn Fn(&str, Arc<dyn Backend>) -> Arc<dyn Backend> + Send + Sync>;

#[derive(Clone)]
pub struct Apps {
    app: App,
    backend: Arc<dyn Backend>,
    guard: Option<Guard>,
}

impl Apps {
    pub(crate) fn new(app: App, backend: Arc<dyn Backend>, guard: Option<Guard>) -> Self {
        Self { app, backend, guard }
    }

    /// The function's own.
    #[must_use]
    pub fn of(&self, function: &str) -> App {
        let app = self.app.clone();
        match &self.guard {
            Some(guard) => {
                let backend = guard(function, self.backend.clone());
                App { table: Table::new(backend, app.random.clone()), ..app }
            }
            None => app,
        }
    }
}
