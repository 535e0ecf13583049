//! What an idle connection costs the relay. Run with `--release -- --ignored --nocapture`; the bar is 4 KiB.
#![allow(clippy::print_stderr)] // a measurement is read by a person

mod support;

use support::{Client, RelayProcess, folder, person};

const CONNECTIONS: u16 = 2_000;

#[tokio::test]
#[ignore = "measures memory; run it alone"]
async fn idle_connection_is_small() {
    let data = folder();
    let relay = RelayProcess::start(&data.path, &["--log", "warn"]);
    let (mut people, mut clients) = (Vec::new(), Vec::new());
    let mut before = 0;
    for number in 0..CONNECTIONS + 200 {
        let mut who = person(1);
        let [high, low] = number.to_be_bytes();
        let mut id = [7; 16];
        (id[0], id[1]) = (high, low);
        who.account = waxwing_wire::AccountId::from_bytes(id);
        who.device = waxwing_wire::DeviceId::from_bytes(id);
        who.handle = waxwing_wire::Handle::new(&format!("p{number}")).expect("a handle");
        people.push(who.clone());
        let _ = Client::registered(&relay.url, &who).await;
        let _ = Client::logged_in(&relay.url, &who).await; // the pages of its rows are in the readers' caches now
    }
    for (number, who) in people.iter().enumerate() {
        let mut client = Client::logged_in(&relay.url, who).await;
        let _ = client.drain().await;
        clients.push(client);
        if number == 199 {
            before = resident_bytes(relay.child.id());
        }
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let each = (resident_bytes(relay.child.id()) - before) / u64::from(CONNECTIONS);
    eprintln!("{each} bytes of memory for each idle connection");
    assert!(each <= 4096);
}

fn resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the relay runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a size");
    let kib: String = line.chars().filter(char::is_ascii_digit).collect();
    kib.parse::<u64>().expect("a number") * 1024
}
