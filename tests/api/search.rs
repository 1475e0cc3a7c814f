//! Full-text search over one's own conversations.

use serde_json::{Value, json};

use crate::harness::{Answer, Client, TestApp, both, new_key};

async fn search(client: &Client, params: &[(&str, &str)]) -> Answer {
    let url = reqwest::Url::parse_with_params("http://x/api/search/messages", params).unwrap();
    client.get(&format!("{}?{}", url.path(), url.query().unwrap())).await
}

/// The texts that a query finds, newest first.
async fn found(client: &Client, query: &str) -> Vec<String> {
    texts(&search(client, &[("q", query)]).await.expect(200))
}

fn texts(found: &Value) -> Vec<String> {
    found["hits"].as_array().unwrap().iter().map(|hit| hit["message"]["text"].as_str().unwrap().to_owned()).collect()
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

both! {
    async fn one_finds_in_ones_own_conversations_only(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let other = admin.post("/api/conversations", &json!({"user_id": boris.id().await})).await.expect(201);
        let other = other["id"].as_str().unwrap();
        anna.say(&conversation, "budget of Anna").await;
        admin.say(other, "budget of the admin").await;
        assert_eq!(found(&anna, "budget").await, ["budget of Anna"]);
        assert_eq!(found(&admin, "budget").await, ["budget of the admin"]);
        assert_eq!(found(&boris, "budget").await, ["budget of the admin", "budget of Anna"]);
        let within = |client: &Client, id: &str| {
            let (client, id) = (client.clone(), id.to_owned());
            async move { search(&client, &[("q", "budget"), ("conversation_id", &id)]).await }
        };
        assert_eq!(texts(&within(&boris, &conversation).await.expect(200)), ["budget of Anna"]);
        let (hidden, absent) = (within(&anna, other).await, within(&anna, &new_key()).await);
        assert_eq!((hidden.status, &hidden.text), (404, &absent.text));
    }
}

both! {
    async fn the_search_knows_what_messages_say_now(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let sent = anna.say(&conversation, "first").await;
        let path = format!("/api/messages/{}", sent["id"].as_str().unwrap());
        anna.patch(&path, &json!({"text": "second"})).await.expect(200);
        assert_eq!((found(&boris, "first").await.len(), found(&boris, "second").await.len()), (0, 1));
        anna.delete(&path).await.expect(200);
        assert_eq!(found(&boris, "second").await.len(), 0);
        anna.post("/api/groups", &json!({"name": "second", "user_ids": []})).await.expect(201);
        assert_eq!(found(&anna, "second").await.len() + found(&anna, "created").await.len(), 0, "a notice is not to be found");
    }
}

both! {
    async fn hits_are_marked_where_they_are(app: TestApp) {
        let (_, anna, _, conversation) = app.office().await;
        let text = "\u{1f44b} Ёжик и ёж, ИЖЕВСК; Й и\u{306}од";
        anna.say(&conversation, text).await;
        let units: Vec<u16> = text.encode_utf16().collect();
        let cases: &[(&str, &[&str])] = &[
            ("еж", &["Ёж", "ёж"]),
            ("ежик и", &["Ёжик", "и", "И"]),
            ("иж", &["ИЖ"]),
            ("й", &["Й", "и\u{306}"]),
        ];
        for (query, expected) in cases {
            let found = search(&anna, &[("q", query)]).await.expect(200);
            let ranges: Vec<[usize; 2]> = serde_json::from_value(found["hits"][0]["ranges"].clone()).unwrap();
            let marked: Vec<_> = ranges.iter().map(|[start, end]| String::from_utf16(&units[*start..*end]).unwrap()).collect();
            assert_eq!(marked, *expected, "{query}");
        }
    }
}

both! {
    async fn a_query_has_no_operators(app: TestApp) {
        let (_, anna, _, conversation) = app.office().await;
        anna.say(&conversation, "alpha beta near gamma or not").await;
        let cases = [
            ("alpha OR missing", 0),
            ("alpha or beta", 1),
            ("alpha NOT beta", 1),
            ("NEAR(alpha beta)", 1),
            ("words: alpha", 0),
            ("\"beta alpha\"", 1),
            ("alpha* & !beta | (gamma) <-> or:*", 1),
            ("^alpha - 'beta' -- ; \\ % _ $1 {}", 0),
            ("al\0pha", 0),
            ("alpha\0beta", 1),
            ("'", -1),
            ("\"", -1),
            ("*", -1),
            ("\0", -1),
            ("", -1),
            ("\u{1f44b}", -1),
        ];
        for (query, hits) in cases {
            let answer = search(&anna, &[("q", query)]).await;
            match usize::try_from(hits) {
                Ok(hits) => assert_eq!(answer.expect(200)["hits"].as_array().unwrap().len(), hits, "{query:?}"),
                Err(_) => assert_eq!(answer.refused(422), "bad_query", "{query:?}"),
            }
        }
        assert_eq!(search(&anna, &[("q", &"a".repeat(10_000))]).await.refused(422), "bad_query");
        assert_eq!(search(&anna, &[("q", &"a ".repeat(100))]).await.expect(200)["hits"].as_array().unwrap().len(), 1);
        // Words that no index takes whole, and more of them than any has seen.
        anna.say(&conversation, &"я".repeat(16_000)).await;
        assert_eq!(found(&anna, &"Я".repeat(200)).await.len(), 1, "no more is looked at");
        assert_eq!(found(&anna, &"Я".repeat(90)).await.len(), 1);
        let many: Vec<_> = (0..3_000).map(|n| n.to_string()).collect();
        anna.say(&conversation, &many.join(" ")).await;
        assert_eq!(found(&anna, "2999 17").await.len(), 1);
    }
}

both! {
    async fn hits_come_in_pages(app: TestApp) {
        let (_, anna, _, conversation) = app.office().await;
        let mut sent = Vec::new();
        for n in 0..5 {
            sent.push(anna.say(&conversation, &format!("word {n}")).await["seq"].as_i64().unwrap());
        }
        let (mut paged, mut sizes, mut before) = (Vec::new(), Vec::new(), i64::MAX.to_string());
        loop {
            let page = search(&anna, &[("q", "word"), ("limit", "2"), ("before", &before)]).await.expect(200);
            let hits: Vec<_> = page["hits"].as_array().unwrap().iter().map(|hit| hit["message"]["seq"].as_i64().unwrap()).collect();
            before = hits.last().unwrap().to_string();
            sizes.push(hits.len());
            paged.extend(hits);
            if page["more"] == false {
                break;
            }
        }
        sent.reverse();
        assert_eq!((paged, sizes), (sent, vec![2, 2, 1]));
        assert_eq!(anna.get("/api/search/messages").await.refused(400), "bad_query");
    }
}

both! {
    async fn what_was_written_before_there_was_a_search_is_found(app: TestApp) {
        let (_, anna, _, conversation) = app.office().await;
        for n in 0..3 {
            anna.say(&conversation, &format!("old {n}")).await;
        }
        let mut tx = app.app.db.begin().await.unwrap();
        sqlx::raw_sql("drop table message_words").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..2 {
            staffline::chat::search::prepare(&app.app.db).await.unwrap();
        }
        assert_eq!(found(&anna, "old").await, ["old 2", "old 1", "old 0"]);
    }
}
