//! Images: their size and thumbnail, those that are made to break a decoder, and pictures of people and groups.

use std::{io::Cursor, time::Instant};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    files_downloads::send_files,
    harness::{Client, TestApp, both, client_send},
};

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Left half red, right half blue.
fn two_halves(width: u32, height: u32) -> DynamicImage {
    let colour = |x| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
    RgbImage::from_fn(width, height, |x, _| colour(x)).into()
}

/// A JPEG with the EXIF orientation 6: what is stored is to be turned clockwise.
fn turned_jpeg(image: &DynamicImage) -> Vec<u8> {
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let jpeg = encoded(image, ImageFormat::Jpeg);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, exif, &jpeg[2..]].concat()
}

/// A PNG that says how large it is and has next to nothing in it.
fn lying_png(width: u32, height: u32) -> Vec<u8> {
    let mut png = encoded(&two_halves(1, 1), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

async fn sent(client: &Client, conversation: &str, id: &str) -> Value {
    send_files(client, conversation, &[id]).await["attachments"][0].clone()
}

both! {
    async fn an_image_has_its_size_and_a_thumbnail(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        for (format, name) in [(ImageFormat::Jpeg, "jpeg"), (ImageFormat::Png, "png"), (ImageFormat::Gif, "gif"), (ImageFormat::WebP, "webp")] {
            let id = anna.upload("a", &encoded(&two_halves(1_600, 800), format)).await;
            let thumbnail = anna.fetch(&format!("/api/attachments/{id}/thumbnail")).await;
            assert_eq!((thumbnail.status, thumbnail.header("content-type")), (200, "image/jpeg"), "{name}");
            assert_eq!(thumbnail.header("content-security-policy"), "sandbox; default-src 'none'");
            let small = image::load_from_memory(&thumbnail.bytes).unwrap().to_rgb8();
            assert_eq!(small.dimensions(), (640, 320), "{name}");
            assert!(small.get_pixel(10, 160).0[0] > 200 && small.get_pixel(630, 160).0[2] > 200, "{name}");
            let attachment = sent(&anna, &conversation, &id).await;
            let described = [&attachment["kind"], &attachment["content_type"], &attachment["width"], &attachment["height"], &attachment["preview"]];
            assert_eq!(described, [&json!("image"), &json!(format!("image/{name}")), &json!(1_600), &json!(800), &json!(true)]);
            let path = format!("/api/attachments/{id}/thumbnail");
            assert_eq!(boris.fetch(&path).await.bytes, thumbnail.bytes);
            let etag = thumbnail.header("etag");
            assert_eq!(boris.fetch_with(&path, &[("if-none-match", etag)]).await.status, 304);
            assert_eq!(admin.get(&path).await.refused(404), "not_found");
        }
    }
}

both! {
    async fn an_image_stands_as_its_camera_was_held(app: TestApp) {
        let (_, anna, _, conversation) = app.office().await;
        let id = anna.upload("a.jpg", &turned_jpeg(&two_halves(800, 400))).await;
        let thumbnail = anna.fetch(&format!("/api/attachments/{id}/thumbnail")).await;
        let small = image::load_from_memory(&thumbnail.bytes).unwrap().to_rgb8();
        assert_eq!(small.dimensions(), (320, 640));
        assert!(small.get_pixel(160, 10).0[0] > 200 && small.get_pixel(160, 630).0[2] > 200, "the left is on top");
        let attachment = sent(&anna, &conversation, &id).await;
        assert_eq!((&attachment["width"], &attachment["height"]), (&json!(400), &json!(800)));
    }
}

both! {
    async fn what_can_be_seen_through_stays_so(app: TestApp) {
        let (_, anna, _, _) = app.office().await;
        let image = DynamicImage::from(RgbaImage::from_pixel(50, 50, Rgba([0, 255, 0, 100])));
        let id = anna.upload("a.png", &encoded(&image, ImageFormat::Png)).await;
        let thumbnail = anna.fetch(&format!("/api/attachments/{id}/thumbnail")).await;
        assert_eq!(thumbnail.header("content-type"), "image/webp");
        assert_eq!(image::load_from_memory(&thumbnail.bytes).unwrap().to_rgba8(), image.to_rgba8(), "and is not made larger");
    }
}

both! {
    /// F5.
    async fn hostile_images_cost_little_and_stay_files(app: TestApp) {
        let (_, anna, _, conversation) = app.office().await;
        let whole = encoded(&two_halves(300, 300), ImageFormat::Jpeg);
        let frame = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0";
        let frames = [&b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff"[..], &frame.repeat(100_000), b";"].concat();
        let cases = [
            ("50,000 x 50,000", lying_png(50_000, 50_000), "file"),
            ("within the pixels, beyond the memory", lying_png(7_999, 7_999), "file"),
            ("no pixels", lying_png(0, 10), "file"),
            ("cut off", encoded(&two_halves(300, 300), ImageFormat::Png)[..500].to_vec(), "file"),
            ("only a head", whole[..4].to_vec(), "file"),
            ("WebP that lies", b"RIFF\xff\xff\xff\x7fWEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff".to_vec(), "file"),
            ("AVIF without a size", b"\0\0\0\x18ftypavif\0\0\0\0avifmif1".to_vec(), "file"),
            ("100,000 frames", frames, "image"),
        ];
        let began = Instant::now();
        anna.upload("usual.jpg", &encoded(&two_halves(3_000, 2_000), ImageFormat::Jpeg)).await;
        // On this machine, as it is now.
        let usual = began.elapsed();
        for (name, bytes, kind) in cases {
            let began = Instant::now();
            let id = anna.upload("x.png", &bytes).await;
            let took = began.elapsed();
            // Whoever uses up the time that a decoder is given needs more than twice as long.
            assert!(took < 2 * usual, "{name}: {took:?}; an image of a camera took {usual:?}");
            assert!(anna.fetch(&format!("/api/attachments/{id}")).await.bytes == bytes, "{name}: it may still be had");
            let attachment = sent(&anna, &conversation, &id).await;
            assert_eq!(attachment["kind"], kind, "{name}: {attachment}");
            assert_eq!(attachment["preview"], kind == "image", "{name}");
        }
    }
}

both! {
    async fn a_person_has_a_picture(app: TestApp) {
        let (_, anna, boris, _) = app.office().await;
        let mut socket = boris.connect().await;
        let put = |bytes: Vec<u8>| client_send(anna.request(Method::PUT, "/api/users/me/picture").header("content-type", "image/png").body(bytes));
        put(encoded(&two_halves(400, 200), ImageFormat::Png)).await.expect(204);
        let event = socket.event().await;
        let first = event["user"]["picture"].as_str().unwrap().to_owned();
        assert_eq!((event["type"].as_str(), &event["user"]["id"]), (Some("user_changed"), &json!(anna.id().await)));
        let picture = boris.fetch(&format!("/api/pictures/{first}")).await;
        assert_eq!(picture.header("cache-control"), "private, max-age=31536000, immutable");
        let picture = image::load_from_memory(&picture.bytes).unwrap().to_rgb8();
        assert_eq!(picture.dimensions(), (256, 256));
        assert!(picture.get_pixel(10, 100).0[0] > 200 && picture.get_pixel(245, 100).0[2] > 200, "it is the middle");
        put(encoded(&two_halves(10, 10), ImageFormat::Png)).await.expect(204);
        let second = socket.event().await["user"]["picture"].as_str().unwrap().to_owned();
        assert_ne!(second, first);
        assert_eq!(boris.get(&format!("/api/pictures/{first}")).await.refused(404), "not_found");
        for bad in [Vec::new(), b"<svg/>".to_vec(), lying_png(50_000, 50_000)] {
            assert_eq!(put(bad).await.refused(422), "not_an_image");
        }
        assert_eq!(put(vec![0; (10 << 20) + 1]).await.refused(413), "body_too_large");
        assert_eq!(boris.fetch(&format!("/api/pictures/{second}")).await.status, 200, "what was refused changed nothing");
        anna.delete("/api/users/me/picture").await.expect(204);
        assert_eq!(socket.event().await["user"]["picture"], Value::Null);
        assert_eq!(boris.get(&format!("/api/pictures/{second}")).await.refused(404), "not_found");
    }
}

both! {
    async fn a_group_has_a_picture_for_its_members(app: TestApp) {
        let (admin, anna, boris, direct) = app.office().await;
        let group = anna.post("/api/groups", &json!({"name": "Office", "user_ids": [boris.id().await]})).await.expect(201);
        let path = |id: &str| format!("/api/conversations/{id}/picture");
        let image = encoded(&two_halves(300, 300), ImageFormat::Jpeg);
        let put = |client: &Client, id: &str| client_send(client.request(Method::PUT, &path(id)).body(image.clone()));
        let id = group["id"].as_str().unwrap();
        put(&boris, id).await.expect(204);
        let listed = anna.get("/api/conversations").await.expect(200);
        let listed = listed.as_array().unwrap().iter().find(|listed| listed["id"] == id).unwrap().clone();
        assert_eq!(listed["last_message"]["notice"], json!({"what": "picture_changed"}));
        let picture = format!("/api/pictures/{}", listed["picture"].as_str().unwrap());
        assert_eq!(anna.fetch(&picture).await.status, 200);
        assert_eq!(admin.get(&picture).await.refused(404), "not_found");
        assert_eq!(put(&admin, id).await.refused(404), "not_found");
        assert_eq!(put(&anna, &direct).await.refused(409), "not_a_group");
        assert_eq!(anna.fetch(&picture).await.status, 200, "what was refused changed nothing");
        anna.delete(&path(id)).await.expect(204);
        assert_eq!(anna.get(&picture).await.refused(404), "not_found");
    }
}
