//! OpenMLS doing what the benches of groups do: a group is made, and its first and its hundredth message go to it.
//!
//! It prints one JSON object: CPU time of all its threads in milliseconds, sizes in bytes. There is no relay in it, so those figures are absent; and it keeps
//! what it stores in memory.

use std::error::Error;

use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::*;
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};

/// X25519, AES-128, SHA-256 and Ed25519: the suite that everybody must have.
const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

/// Members who really join, to take the median of.
const JOINING: usize = 5;

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Member {
    provider: OpenMlsRustCrypto,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
}

impl Member {
    fn new(number: usize) -> Outcome<Member> {
        let provider = OpenMlsRustCrypto::default();
        let signer = SignatureKeyPair::new(SUITE.signature_algorithm())?;
        signer.store(provider.storage())?;
        let credential = BasicCredential::new(format!("member {number}").into_bytes());
        let credential =
            CredentialWithKey { credential: credential.into(), signature_key: signer.to_public_vec().into() };
        Ok(Member { provider, signer, credential })
    }

    fn key_package(&self) -> Outcome<KeyPackage> {
        let built =
            KeyPackage::builder().build(SUITE, &self.provider, &self.signer, self.credential.clone())?;
        Ok(built.key_package().clone())
    }

    fn join(&self, welcome: &[u8]) -> Outcome<MlsGroup> {
        let MlsMessageBodyIn::Welcome(welcome) = MlsMessageIn::tls_deserialize_exact(welcome)?.extract()
        else {
            return Err("no welcome".into());
        };
        let config = MlsGroupJoinConfig::builder().use_ratchet_tree_extension(true).build();
        let staged = StagedWelcome::new_from_welcome(&self.provider, &config, welcome, None)?;
        Ok(staged.into_group(&self.provider)?)
    }
}

/// CPU time of this process so far, in milliseconds.
fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn ms_since(begun: f64) -> f64 {
    cpu_ms() - begun
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

fn main() -> Outcome<()> {
    let leaves: usize = std::env::args().nth(1).map_or(Ok(512), |leaves| leaves.parse())?;
    let text = "see you at the boathouse around seven, bring the long rope. ".repeat(2);
    let mut figures = Map::new();
    let mut note = |name: &str, value: f64| figures.insert(name.to_owned(), json!(value));

    let creator = Member::new(0)?;
    let others = (1..leaves).map(Member::new).collect::<Outcome<Vec<Member>>>()?;
    let packages = others.iter().map(Member::key_package).collect::<Outcome<Vec<KeyPackage>>>()?;

    let config = MlsGroupCreateConfig::builder().ciphersuite(SUITE).use_ratchet_tree_extension(true).build();
    let begun = cpu_ms();
    let mut group = MlsGroup::new(&creator.provider, &creator.signer, &config, creator.credential.clone())?;
    let (commit, welcome, _) = group.add_members(&creator.provider, &creator.signer, &packages)?;
    group.merge_pending_commit(&creator.provider)?;
    let (commit, welcome) = (commit.tls_serialize_detached()?, welcome.tls_serialize_detached()?);
    note("create_sender_ms", ms_since(begun));
    note("create_sender_bytes", (commit.len() + welcome.len()) as f64);
    note("create_receiver_bytes", welcome.len() as f64);

    let (mut joined, mut times) = (Vec::new(), Vec::new());
    for member in others.iter().take(JOINING) {
        let begun = cpu_ms();
        joined.push((member, member.join(&welcome)?));
        times.push(ms_since(begun));
    }
    note("create_receiver_ms", median(&mut times));

    for number in 1..=100 {
        let begun = cpu_ms();
        let sealed = group.create_message(&creator.provider, &creator.signer, text.as_bytes())?;
        let sealed = sealed.tls_serialize_detached()?;
        let sending = ms_since(begun);
        let mut times = Vec::new();
        for (member, group) in &mut joined {
            let begun = cpu_ms();
            let message = MlsMessageIn::tls_deserialize_exact(&sealed)?.try_into_protocol_message()?;
            let opened = group.process_message(&member.provider, message)?.into_content();
            let ProcessedMessageContent::ApplicationMessage(opened) = opened else {
                return Err("no message".into());
            };
            times.push(ms_since(begun));
            if opened.into_bytes() != text.as_bytes() {
                return Err("another text".into());
            }
        }
        let names = match number {
            1 => ["first_sender_ms", "first_receiver_ms", "first_bytes"],
            100 => ["hundredth_sender_ms", "hundredth_receiver_ms", "hundredth_bytes"],
            _ => continue,
        };
        for (name, value) in names.into_iter().zip([sending, median(&mut times), sealed.len() as f64]) {
            note(name, value);
        }
    }
    println!("{}", Value::Object(figures));
    Ok(())
}
