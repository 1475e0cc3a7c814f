//! Full-text search over one's own conversations.

use serde_json::Value;

use crate::harness::{Client, TestApp, both};

/// The texts that a query finds, newest first.
async fn found(client: &Client, query: &str) -> Vec<String> {
    let url = reqwest::Url::parse_with_params("http://x/api/search/messages", &[("q", query)]).unwrap();
    let found = client.get(&format!("{}?{}", url.path(), url.query().unwrap())).await.expect(200);
    let text = |hit: &Value| hit["message"]["text"].as_str().unwrap().to_owned();
    found["hits"].as_array().unwrap().iter().map(text).collect()
}

both! {
    async fn words_are_found_by_how_they_begin(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        for text in ["Зелёная ёлка", "Мой йод", "МОИ ЁЛКИ", "the end of the foo-bar", "nothing"] {
            anna.say(&conversation, text).await;
        }
        let cases: &[(&str, &[&str])] = &[
            ("елк", &["МОИ ЁЛКИ", "Зелёная ёлка"]),
            ("ЁЛКА", &["Зелёная ёлка"]),
            ("елка зел", &["Зелёная ёлка"]),
            ("мои", &["МОИ ЁЛКИ"]),
            ("мой", &["Мой йод"]),
            ("лка", &[]),
            ("bar foo", &["the end of the foo-bar"]),
            ("foo-bar", &["the end of the foo-bar"]),
            ("елк nothing", &[]),
        ];
        for (query, expected) in cases {
            for client in [&anna, &boris] {
                assert_eq!(found(client, query).await, *expected, "{query}");
            }
        }
    }
}
