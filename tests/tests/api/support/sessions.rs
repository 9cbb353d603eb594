//! Whether a token still works.

use api_tests::Actor;

/// Whether the token opens anything.
pub async fn lives(actor: &Actor) -> bool {
    let answer = actor.get("/api/schedule").await;
    if answer.status.is_success() {
        return true;
    }
    answer.refused(401, "unauthenticated");
    false
}

/// The same user, logged in once more.
pub async fn another_session(actor: &Actor) -> Actor {
    actor.with_token(&actor.new_token().await)
}
