//! Every route, on one page.

use std::time::Duration;

use axum::{Json, Router, extract::State, http::StatusCode, middleware, response::IntoResponse, routing::get};
use serde::Serialize;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, DefaultPredicate, Predicate},
};
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App, audit, calls, chat, compliance, doctor, error::Error, events, files, notifications, recordings, users, ws,
};

pub mod extract;
pub mod headers;
pub mod origin;
pub mod pages;
pub mod range;
pub mod trace;

#[derive(OpenApi)]
#[openapi(
    info(title = "Staffline", description = "Staff chat and calls. Every refusal has the body of ErrorBody."),
    components(schemas(ws::frames::ClientFrame, ws::frames::ServerFrame, crate::error::ErrorBody))
)]
struct Document;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(of_users())
        .merge(of_chat())
        .merge(of_files())
        .merge(of_notices())
        .merge(of_doctor())
        .merge(of_recordings())
        .merge(of_archive())
        .routes(routes!(events::routes::list))
        .routes(routes!(calls::routes::list))
        .routes(routes!(calls::routes::ice_servers))
        .routes(routes!(calls::routes::paths::policy, calls::routes::paths::set_policy))
        .routes(routes!(calls::routes::paths::try_policy))
        .routes(routes!(calls::routes::paths::move_call))
        .routes(routes!(calls::routes::media))
        .routes(routes!(audit::routes::list))
        .routes(routes!(audit::routes::export))
        .routes(routes!(ws::routes::open))
        .routes(routes!(health))
        .routes(routes!(ready))
}

fn of_users() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(users::routes::sign_in, users::routes::current, users::routes::sign_out))
        .routes(routes!(users::routes::others, users::routes::end_others))
        .routes(routes!(users::routes::change_password))
        .routes(routes!(users::routes::look_up_invitation))
        .routes(routes!(users::routes::accept_invitation))
        .routes(routes!(users::routes::list, users::routes::add))
        .routes(routes!(users::routes::settings, users::routes::change_settings))
        .routes(routes!(users::routes::change))
        .routes(routes!(users::routes::invite_again))
}

fn of_chat() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(chat::routes::list, chat::routes::open))
        .routes(routes!(chat::routes::names::list))
        .routes(routes!(chat::routes::groups::create_group))
        .routes(routes!(chat::routes::groups::change_group))
        .routes(routes!(chat::routes::groups::add_members))
        .routes(routes!(chat::routes::groups::remove_member))
        .routes(routes!(chat::routes::history, chat::routes::send))
        .routes(routes!(chat::routes::reads::mark_read))
        .routes(routes!(chat::routes::reads::save_draft))
        .routes(routes!(chat::routes::reads::mute))
        .routes(routes!(chat::routes::edit, chat::routes::delete))
        .routes(routes!(chat::routes::versions))
        .routes(routes!(chat::routes::search))
}

fn of_files() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(files::routes::uploads::options, files::routes::uploads::create))
        .routes(routes!(files::routes::uploads::progress, files::routes::uploads::append, files::routes::uploads::terminate))
        .routes(routes!(files::routes::downloads::download))
        .routes(routes!(files::routes::downloads::thumbnail))
        .routes(routes!(files::routes::pictures::set_own, files::routes::pictures::delete_own))
        .routes(routes!(files::routes::pictures::set_of_group, files::routes::pictures::delete_of_group))
        .routes(routes!(files::routes::pictures::picture))
        .routes(routes!(files::routes::limits, files::routes::set_limits))
}

fn of_notices() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(notifications::routes::mail, notifications::routes::set_mail))
        .routes(routes!(notifications::routes::test_mail))
        .routes(routes!(notifications::routes::mail_invitation))
        .routes(routes!(notifications::routes::unsubscribe_page, notifications::routes::unsubscribe))
        .routes(routes!(notifications::routes::push_key))
        .routes(routes!(notifications::routes::subscribe, notifications::routes::unsubscribe_push))
}

fn of_doctor() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(doctor::routes::start))
        .routes(routes!(doctor::routes::finish))
        .routes(routes!(doctor::routes::offer))
        .routes(routes!(doctor::routes::list))
        .routes(routes!(doctor::routes::relay))
        .routes(routes!(doctor::routes::metrics))
}

fn of_recordings() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(recordings::routes::policy, recordings::routes::set_policy))
        .routes(routes!(recordings::routes::find::list))
        .routes(routes!(recordings::routes::find::failures))
        .routes(routes!(recordings::routes::exports::list, recordings::routes::exports::request))
        .routes(routes!(recordings::routes::exports::approve))
        .routes(routes!(recordings::routes::find::detail, recordings::routes::marks::change))
        .routes(routes!(recordings::routes::exports::take))
        .routes(routes!(recordings::routes::listen::stream))
        .routes(routes!(recordings::routes::listen::events))
        .routes(routes!(recordings::routes::peaks::peaks))
        .routes(routes!(recordings::routes::listen::verify))
        .routes(routes!(recordings::routes::marks::note))
        .routes(routes!(recordings::routes::marks::hold))
        .routes(routes!(recordings::routes::marks::release))
}

fn of_archive() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(compliance::routes::standing))
        .routes(routes!(compliance::routes::confirm))
        .routes(routes!(chat::archive::routes::policy, chat::archive::routes::set_policy))
        .routes(routes!(chat::archive::routes::find::list))
        .routes(routes!(chat::archive::routes::find::detail))
        .routes(routes!(chat::archive::routes::find::messages))
        .routes(routes!(chat::archive::routes::find::search))
        .routes(routes!(chat::archive::routes::holds::list, chat::archive::routes::holds::place))
        .routes(routes!(chat::archive::routes::holds::release))
        .routes(routes!(files::routes::downloads::archived))
}

/// The OpenAPI document, from the handlers themselves.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// The whole service.
pub fn router(app: App) -> Router {
    let (routes, document) = routes().split_for_parts();
    let document = axum::body::Bytes::from(document.to_json().expect("a document of ours is JSON"));
    let json = [(axum::http::header::CONTENT_TYPE, "application/json")];
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(app.clone(), trace::request))
        .layer(middleware::from_fn(headers::add))
        .layer(CatchPanicLayer::custom(|_| Error::internal("a handler panicked").into_response()))
        .layer(CompressionLayer::new().gzip(true).compress_when(DefaultPredicate::new().and(not_upgraded).and(no_file)))
        .layer(middleware::from_fn_with_state(app.clone(), origin::check));
    routes
        .route("/api/openapi.json", get(move || async move { (json, document.clone()) }))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(pages::serve)
        .layer(layers)
        .with_state(app)
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
}

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = Health)))]
async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the process can do its work: the database answers.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = 200, body = Health),
    (status = "default", description = "Not ready", body = crate::error::ErrorBody),
))]
async fn ready(State(app): State<App>) -> Result<Json<Health>, Error> {
    let answer = tokio::time::timeout(Duration::from_secs(3), app.db.ping()).await;
    match answer {
        Ok(Ok(())) => Ok(Json(Health { status: "ok" })),
        Ok(Err(error)) => Err(Error::unavailable(error)),
        Err(elapsed) => Err(Error::unavailable(elapsed)),
    }
}

async fn method_not_allowed() -> Error {
    Error::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This cannot be done here.")
}

fn not_upgraded(status: StatusCode, _: axum::http::Version, _: &axum::http::HeaderMap, _: &axum::http::Extensions) -> bool {
    status != StatusCode::SWITCHING_PROTOCOLS
}

/// A file has ranges and a length, which would not be those of its compressed form.
fn no_file(_: StatusCode, _: axum::http::Version, headers: &axum::http::HeaderMap, _: &axum::http::Extensions) -> bool {
    !headers.contains_key(axum::http::header::ACCEPT_RANGES)
}
