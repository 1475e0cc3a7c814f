//! Which conversations there are, by the names of groups and of people. For the rules of admins; nothing of what is said in them.

use std::collections::HashSet;

use super::{ConversationKind, NamedConversation, store};
use crate::{app::App, ids::ConversationId, users};

const MOST: usize = 50;

/// Groups whose name has the text, and direct conversations where one of the two has it in name or login; all of them fit an empty text.
pub(super) async fn find(app: &App, text: &str, id: Option<ConversationId>) -> sqlx::Result<Vec<NamedConversation>> {
    let text = folded(text);
    let has = |name: &str| folded(name).contains(&text);
    let people: HashSet<_> =
        users::all(&app.db).await?.into_iter().filter(|user| has(&user.name) || has(&user.login)).map(|user| user.id).collect();
    let fits = |found: &NamedConversation| match found.kind {
        ConversationKind::Group => has(found.name.as_deref().unwrap_or_default()),
        ConversationKind::Direct => found.user_ids.iter().any(|user| people.contains(user)),
    };
    let all = store::conversations::named(&app.db, id).await?;
    Ok(all.into_iter().filter(|found| id.is_some() || fits(found)).take(MOST).collect())
}

/// However it is typed.
fn folded(text: &str) -> String {
    text.trim().to_lowercase().replace('ё', "е")
}
