//! Registration with tokens of an integrator, and TLS.
#![allow(clippy::wildcard_enum_match_arm)] // whatever is not expected fails the test
#![allow(clippy::print_stderr)] // a test that cannot run says so

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use serde::Serialize;
use support::{Client, RelayProcess, folder, person, refusal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
use waxwing_wire::{RefusalCode, RelayBody};

#[derive(Serialize)]
struct Claims {
    sub: String,
    exp: u64,
}

#[tokio::test]
async fn tokens_of_the_integrator_decide_who_registers() {
    let (keys, data, alice) = (folder(), folder(), person(1));
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256] {
        let Some((private, public)) = key_pair(&keys.path, algorithm) else {
            eprintln!("SKIPPED: tokens_of_the_integrator_decide_who_registers needs openssl");
            return;
        };
        let data = data.path.join(format!("{algorithm:?}"));
        let args = ["--registration", "token", "--token-key", &public, "--log", "warn"];
        let relay = RelayProcess::start(&data, &args);
        let mut client = Client::greet(&relay.url).await;
        let mut attempt = async |token: Option<String>| {
            let registration = client.registration(&alice, token);
            client.ask(registration).await
        };
        let token = |handle: &str, exp| Some(sign(&private, algorithm, handle, exp));
        assert_eq!(refusal(&attempt(None).await), Some(RefusalCode::TokenRequired));
        assert_eq!(refusal(&attempt(token("person1", now() - 3600)).await), Some(RefusalCode::TokenExpired));
        assert_eq!(refusal(&attempt(token("person2", now() + 60)).await), Some(RefusalCode::NotAuthorised));
        let forged = token("person1", now() + 60)
            .map(|token| token.split_at(token.len() - 8).0.to_owned() + "AAAAAAAA");
        assert_eq!(refusal(&attempt(forged).await), Some(RefusalCode::NotAuthorised));
        let answer = attempt(token("person1", now() + 60)).await;
        assert!(matches!(answer, RelayBody::LoggedIn(_)), "{algorithm:?}: {answer:?}");
    }
}

#[tokio::test]
async fn tls_serves_the_given_certificate() {
    let (keys, data) = (folder(), folder());
    let (certificate, key) = (path(&keys.path, "cert.pem"), path(&keys.path, "key.pem"));
    let made = openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        &key,
        "-out",
        &certificate,
        "-days",
        "2",
        "-subj",
        "/CN=relay",
        "-addext",
        "subjectAltName=DNS:relay.test",
        "-addext",
        "basicConstraints=CA:FALSE",
    ]);
    if !made {
        eprintln!("SKIPPED: tls_serves_the_given_certificate needs openssl");
        return;
    }
    let relay = RelayProcess::start(&data.path, &["--tls-cert", &certificate, "--tls-key", &key]);
    let address = relay.url.strip_prefix("wss://").expect("TLS is said in the URL");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificate).expect("a certificate")).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(address).await.expect("the relay listens");
    let name = ServerName::try_from("relay.test").expect("a name");
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake");
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: relay\r\nconnection: close\r\n\r\n")
        .await
        .expect("a request");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 200"));
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

fn openssl(args: &[&str]) -> bool {
    Command::new("openssl").args(args).output().is_ok_and(|output| output.status.success())
}

fn key_pair(folder: &Path, algorithm: Algorithm) -> Option<(String, String)> {
    let name = format!("{algorithm:?}");
    let (private, public) = (path(folder, &format!("{name}.pem")), path(folder, &format!("{name}.pub")));
    let kind: &[&str] = match algorithm {
        Algorithm::EdDSA => &["-algorithm", "ed25519"],
        Algorithm::ES256 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        _ => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    };
    let made = openssl(&[&["genpkey", "-out", &private], kind].concat())
        && openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]);
    made.then_some((private, public))
}

fn sign(private: &str, algorithm: Algorithm, handle: &str, exp: u64) -> String {
    let pem = std::fs::read(private).expect("a key");
    let key = match algorithm {
        Algorithm::EdDSA => EncodingKey::from_ed_pem(&pem),
        Algorithm::ES256 => EncodingKey::from_ec_pem(&pem),
        _ => EncodingKey::from_rsa_pem(&pem),
    };
    let claims = Claims { sub: handle.to_owned(), exp };
    encode(&Header::new(algorithm), &claims, &key.expect("a private key")).expect("a token")
}
