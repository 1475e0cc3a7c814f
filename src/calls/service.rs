//! Where sockets reach the calls: one task owns them all, everybody else sends it inputs.

use tokio::sync::mpsc;

use crate::{
    app::App,
    ids::{DeviceId, UserId},
    ws::frames::{ClientFrame, ServerFrame},
};

/// Inputs that wait for the task; a socket that sends more waits with them.
const QUEUE: usize = 1_024;

/// What the task is told.
#[derive(Debug)]
pub enum Input {
    /// A device has connected. `host` is the name or address by which its browser reached us.
    DeviceHere {
        device: DeviceId,
        user: UserId,
        host: String,
    },
    Frame {
        device: DeviceId,
        user: UserId,
        frame: ClientFrame,
    },
    DeviceGone {
        device: DeviceId,
    },
}

/// The handle, cheap to clone.
#[derive(Clone, Debug)]
pub struct Calls {
    inputs: mpsc::Sender<Input>,
}

/// The task's end.
#[derive(Debug)]
pub struct Inputs(mpsc::Receiver<Input>);

impl Calls {
    #[must_use]
    pub fn new() -> (Self, Inputs) {
        let (inputs, receiver) = mpsc::channel(QUEUE);
        (Self { inputs }, Inputs(receiver))
    }

    pub async fn device_here(&self, device: DeviceId, user: UserId, host: String) {
        self.send(Input::DeviceHere { device, user, host }).await;
    }

    /// A `call_*` frame of a device.
    pub async fn handle(&self, device: DeviceId, user: UserId, frame: ClientFrame) {
        self.send(Input::Frame { device, user, frame }).await;
    }

    pub async fn device_gone(&self, device: DeviceId) {
        self.send(Input::DeviceGone { device }).await;
    }

    async fn send(&self, input: Input) {
        if self.inputs.send(input).await.is_err() {
            tracing::debug!("the calls have stopped");
        }
    }
}

/// Runs until `app.stop`.
pub async fn run(app: App, mut inputs: Inputs) {
    loop {
        let input = tokio::select! {
            () = app.stop.cancelled() => return,
            input = inputs.0.recv() => input,
        };
        match input {
            Some(Input::Frame { device, .. }) => refuse(&app, device),
            Some(_) => {}
            None => return,
        }
    }
}

fn refuse(app: &App, device: DeviceId) {
    let message = "This server makes no calls.".to_owned();
    app.hub.send_to_device(device, &ServerFrame::Error { code: "no_calls".to_owned(), message, call_id: None, client_key: None });
}
