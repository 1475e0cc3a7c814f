//! What comes back of a file, to whom, and how.

use serde_json::{Value, json};

use crate::harness::{Client, TestApp, both, new_key};

/// The smallest PNG: one pixel.
pub(crate) const PNG: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82";

pub(crate) async fn send_files(client: &Client, conversation: &str, ids: &[&str]) -> Value {
    let body = json!({"client_key": new_key(), "text": "", "attachment_ids": ids});
    client.post(&format!("/api/conversations/{conversation}/messages"), &body).await.expect(201)
}

both! {
    async fn a_file_comes_back_as_it_was_whole_and_in_parts(app: TestApp) {
        let (_, anna, _, _) = app.office().await;
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let id = anna.upload("числа 1.bin", &bytes).await;
        let path = format!("/api/attachments/{id}");
        let whole = anna.fetch_with(&path, &[("accept-encoding", "gzip")]).await;
        assert_eq!((whole.status, whole.bytes == bytes), (200, true));
        assert_eq!(whole.header("content-length"), "400000");
        assert_eq!(whole.header("accept-ranges"), "bytes");
        assert_eq!(whole.header("x-content-type-options"), "nosniff");
        assert_eq!(whole.header("content-security-policy"), "sandbox; default-src 'none'");
        assert!(whole.header("cache-control").starts_with("private"));
        assert_eq!(whole.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(whole.header("content-type"), "application/octet-stream");
        assert_eq!(
            whole.header("content-disposition"),
            "attachment; filename=\"_____ 1.bin\"; filename*=UTF-8''%D1%87%D0%B8%D1%81%D0%BB%D0%B0%201.bin"
        );
        let etag = whole.header("etag").to_owned();
        for (range, expected) in [("bytes=0-9", 0..10), ("bytes=399990-", 399_990..400_000), ("bytes=-7", 399_993..400_000)] {
            let part = anna.fetch_with(&path, &[("range", range), ("if-range", &etag)]).await;
            assert_eq!((part.status, part.bytes == bytes[expected.clone()]), (206, true), "{range}");
            assert_eq!(part.header("content-range"), format!("bytes {}-{}/400000", expected.start, expected.end - 1));
        }
        assert_eq!(anna.fetch_with(&path, &[("range", "bytes=0-9"), ("if-range", "\"other\"")]).await.status, 200);
        let beyond = anna.fetch_with(&path, &[("range", "bytes=400000-")]).await;
        assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */400000"));
        assert_eq!(anna.fetch_with(&path, &[("if-none-match", &etag)]).await.status, 304);
        let head = anna.request(reqwest::Method::HEAD, &path).send().await.unwrap();
        assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().unwrap()), (200, "400000"));
    }
}

both! {
    async fn only_the_list_is_shown_in_place(app: TestApp) {
        let (_, anna, _, _) = app.office().await;
        let corpus: &[(&str, &[u8], &str, &str)] = &[
            ("a.png", PNG, "inline", "image/png"),
            ("page.png", b"<!doctype html><script>alert(document.cookie)</script>", "attachment", "application/octet-stream"),
            ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "attachment", "application/octet-stream"),
            ("a.xhtml", b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "attachment", "application/octet-stream"),
            ("a.js", b"alert(1)", "attachment", "application/octet-stream"),
            ("a.pdf", b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>", "attachment", "application/pdf"),
            ("a.zip", b"PK\x03\x04\x14\0\0\0", "attachment", "application/zip"),
        ];
        for (name, bytes, how, content_type) in corpus {
            let id = anna.upload(name, bytes).await;
            let file = anna.fetch(&format!("/api/attachments/{id}")).await;
            assert!(file.header("content-disposition").starts_with(how), "{name}: {file:?}");
            assert_eq!(file.header("content-type"), *content_type, "{name}");
            assert_eq!(file.header("x-content-type-options"), "nosniff");
            assert_eq!(file.header("content-security-policy"), "sandbox; default-src 'none'");
            assert_eq!(file.bytes, *bytes);
            let saved = anna.fetch(&format!("/api/attachments/{id}?download=1")).await;
            assert!(saved.header("content-disposition").starts_with("attachment"), "{name}");
        }
    }
}

both! {
    async fn a_file_is_for_those_who_may_read_its_message(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let id = anna.upload("a.png", PNG).await;
        let paths = [format!("/api/attachments/{id}"), format!("/api/attachments/{id}?download=1")];
        for path in &paths {
            assert_eq!(anna.fetch(path).await.status, 200, "her own, before it is sent");
            assert_refused(&boris, path).await;
            assert_refused(&admin, path).await;
        }
        let message = send_files(&anna, &conversation, &[&id]).await;
        for path in &paths {
            assert_eq!(boris.fetch(path).await.status, 200);
            assert_refused(&admin, path).await;
        }
        anna.delete(&format!("/api/messages/{}", message["id"].as_str().unwrap())).await.expect(200);
        for path in &paths {
            assert_refused(&boris, path).await;
            assert_refused(&anna, path).await;
        }
    }
}

both! {
    /// F2, and F1 after the removal from a group.
    async fn only_ones_own_unsent_file_can_be_sent_and_only_members_see_it(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let boris_id = boris.id().await;
        let group = anna.post("/api/groups", &json!({"name": "Office", "user_ids": [boris_id]})).await.expect(201);
        let group = group["id"].as_str().unwrap();
        let id = anna.upload("a.png", PNG).await;
        let unfinished = anna.begin_upload(10, "x").await;
        let unfinished = unfinished.rsplit('/').next().unwrap();
        let try_send = |client: &Client, conversation: &str, id: &str| {
            let body = json!({"client_key": new_key(), "text": "", "attachment_ids": [id]});
            let (client, path) = (client.clone(), format!("/api/conversations/{conversation}/messages"));
            async move { client.post(&path, &body).await }
        };
        assert_eq!(try_send(&boris, &conversation, &id).await.refused(404), "not_found", "somebody else's");
        assert_eq!(try_send(&anna, &conversation, unfinished).await.refused(422), "upload_incomplete");
        send_files(&anna, group, &[&id]).await;
        assert_eq!(try_send(&anna, &conversation, &id).await.refused(422), "upload_already_sent");
        assert_eq!(try_send(&boris, &conversation, &id).await.refused(404), "not_found");
        let paths = [format!("/api/attachments/{id}"), format!("/api/attachments/{id}/thumbnail")];
        for path in &paths {
            assert_eq!(boris.fetch(path).await.status, 200);
        }
        anna.delete(&format!("/api/conversations/{group}/members/{boris_id}")).await.expect(204);
        for path in &paths {
            assert_refused(&boris, path).await;
            assert_eq!(anna.fetch(path).await.status, 200);
        }
        // What was sent is no upload any more.
        let gone = crate::harness::client_send(anna.tus(reqwest::Method::DELETE, &format!("/api/uploads/{id}"))).await;
        assert_eq!(gone.refused(404), "not_found");
    }
}

/// The answer is that for what does not exist, to the letter, for whatever part of it is asked.
async fn assert_refused(client: &Client, path: &str) {
    let absent = client.fetch("/api/attachments/0198c0de-0000-7000-8000-000000000001").await;
    for headers in [&[][..], &[("range", "bytes=0-0")], &[("if-none-match", "*")]] {
        let refused = client.fetch_with(path, headers).await;
        assert_eq!((refused.status, &refused.bytes), (404, &absent.bytes), "{path}");
    }
    let head = client.request(reqwest::Method::HEAD, path).send().await.unwrap();
    assert_eq!(head.status().as_u16(), 404);
}
