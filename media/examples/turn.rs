//! The TURN server alone, with one open call: for `turnutils_uclient`, benches, and trying it by hand.
//!
//! ```text
//! cargo run --release -p staffline-media --example turn -- --udp 127.0.0.1:3478
//! turnutils_uclient -y -c -u USERNAME -w PASSWORD -p 3478 127.0.0.1
//! ```
//!
//! The first line that it prints is `username password`, good for a day; the second one says where it listens. It runs until its
//! standard input ends.

#![expect(clippy::print_stdout, reason = "an example says who may use it")]

use std::error::Error;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use staffline_media::control::{Command, RoomId};
use staffline_media::driver;
use staffline_media::srtp::SrtpProfile;

const CALL: RoomId = RoomId(1);
const USER: u128 = 1;
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct Arguments {
    udp: SocketAddr,
    advertised: Vec<IpAddr>,
}

impl Arguments {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut read = Self { udp: ([127, 0, 0, 1], 0).into(), advertised: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
            match name.as_str() {
                "--udp" => read.udp = value.parse()?,
                "--advertise" => read.advertised.push(value.parse()?),
                _ => return Err(format!("unknown: {name} {value}; see the head of examples/turn.rs").into()),
            }
        }
        Ok(read)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read()?;
    let profiles = vec![SrtpProfile::AeadAes128Gcm];
    let config = driver::Config {
        bind: arguments.udp,
        advertised: arguments.advertised,
        srtp_profiles: profiles,
        stream_patience: driver::StreamPatience::default(),
    };
    let node = driver::start(config, |_| {})?;
    node.send(Command::OpenRelay { call: CALL })?;
    let credentials = node.credentials(CALL, USER, A_DAY);
    println!("{} {}", credentials.username, credentials.password);
    println!("turn {}/udp", node.local_addr());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
