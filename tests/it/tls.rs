//! The way to a real endpoint: TLS with a CA of one's own, both versions of HTTP, and a proxy.
//!
//! A small server ends TLS before a sandbox, with certificates made for the test.

use std::{
    fs,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, crypto,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

use crate::support::{NO_CHANGES, World};

const DESK: &str = "  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n";
/// A name that no directory knows: only a proxy can reach it.
const NAME: &str = "api.example.test";
/// This machine, by an address that is not one of loopback: proxies apply to it.
const HERE: &str = "0.0.0.0";

/// A sandbox behind TLS, a proxy beside it, and the CA in a file of the workspace.
pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) tls_port: u16,
    proxy: String,
    /// The first bytes of each connection inside TLS: `PRI` for HTTP/2, a method for HTTP/1.1.
    spoken: Arc<Mutex<Vec<String>>>,
    /// The first line of what the proxy was asked.
    proxied: Arc<Mutex<Vec<String>>>,
}

/// Starts a site whose server offers one version of HTTP.
fn site(alpn: &[u8]) -> Site {
    let world = World::new().groups(DESK);
    let inside = world.url();
    site_before(world, &inside, alpn)
}

/// Starts a site before a server of plain HTTP.
pub(crate) fn site_before(world: World, url: &str, alpn: &[u8]) -> Site {
    let inside = url.strip_prefix("http://").unwrap().to_owned();
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let names = [NAME, "localhost", HERE].map(str::to_owned);
    let certificate: CertificateDer<'static> =
        CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap().der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![alpn.to_vec()];

    world.write("ca.pem", &ca_pem);
    let (spoken, proxied) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<String>>>::default());
    let (heard, asked) = (spoken.clone(), proxied.clone());
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = server.local_addr().unwrap().port();
            tell.send((port, proxy.local_addr().unwrap().port())).unwrap();
            tokio::join!(
                serve(server, TlsAcceptor::from(Arc::new(config)), inside, heard),
                forward(proxy, port, asked)
            );
        });
    });
    let (tls_port, proxy_port) = told.recv().unwrap();
    Site { world, tls_port, proxy: format!("http://127.0.0.1:{proxy_port}"), spoken, proxied }
}

/// Ends TLS and hands what is inside on to the sandbox.
async fn serve(listener: TcpListener, tls: TlsAcceptor, inside: String, heard: Arc<Mutex<Vec<String>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, inside, heard) = (tls.clone(), inside.clone(), heard.clone());
        tokio::spawn(async move {
            let mut stream = tls.accept(stream).await.ok()?;
            let mut first = [0; 3];
            stream.read_exact(&mut first).await.ok()?;
            heard.lock().unwrap().push(String::from_utf8_lossy(&first).into_owned());
            let mut there = TcpStream::connect(inside).await.ok()?;
            there.write_all(&first).await.ok()?;
            copy_bidirectional(&mut stream, &mut there).await.ok()
        });
    }
}

/// A proxy that tunnels, wherever it is asked to, to one port of this machine.
async fn forward(listener: TcpListener, port: u16, asked: Arc<Mutex<Vec<String>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let asked = asked.clone();
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.ok()?);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            asked.lock().unwrap().push(head.lines().next()?.to_owned());
            let mut there = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
            copy_bidirectional(&mut stream, &mut there).await.ok()
        });
    }
}

impl Site {
    pub(crate) fn trusted(mut self) -> Self {
        let ca = self.world.path().join("ca.pem");
        assert!(fs::exists(&ca).unwrap());
        self.world = self.world.variable("SSL_CERT_FILE", ca.to_str().unwrap());
        self
    }

    pub(crate) fn spoken(&self) -> Vec<String> {
        let mut spoken = self.spoken.lock().unwrap().clone();
        spoken.dedup();
        spoken
    }

    fn proxied(&self) -> Vec<String> {
        let mut proxied = self.proxied.lock().unwrap().clone();
        proxied.dedup();
        proxied
    }
}

#[test]
fn both_versions_of_http_are_spoken_under_a_ca_from_the_environment() {
    for (alpn, first) in [(&b"h2"[..], ["PRI"]), (&b"http/1.1"[..], ["POS"])] {
        let site = site(alpn).trusted();
        let plan = format!("plan --endpoint https://localhost:{}", site.tls_port);
        site.world.run(&plan).expect(0).ends_with(NO_CHANGES);
        assert_eq!(site.spoken(), first);
    }
}

#[test]
fn a_certificate_of_an_unknown_ca_is_refused() {
    let site = site(b"h2");
    let plan = format!("plan --endpoint https://localhost:{}", site.tls_port);
    site.world.run(&plan).expect(8).says(&["cannot connect", "certificate"]);
    assert_eq!(site.spoken(), [""; 0], "nothing was sent");
}

#[test]
fn a_proxy_of_the_environment_is_used_but_not_for_this_machine_or_where_it_is_ruled_out() {
    let site = site(b"h2").trusted();
    let run = |endpoint: &str, variables: &[(&str, &str)]| {
        let mut command = site.world.command();
        command.args(["plan", "--endpoint", endpoint]).envs(variables.iter().copied());
        let output = command.output().unwrap();
        let text = |it: &[u8]| String::from_utf8_lossy(it).into_owned();
        assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
        std::mem::take(&mut *site.proxied.lock().unwrap())
    };
    let proxy = ("HTTPS_PROXY", &*site.proxy);
    let direct = format!("https://{HERE}:{}", site.tls_port);
    let asked = run(&format!("https://{NAME}"), &[proxy]);
    assert!(
        !asked.is_empty() && asked.iter().all(|it| *it == format!("CONNECT {NAME}:443 HTTP/1.1")),
        "{asked:?}"
    );
    assert!(!run(&direct, &[proxy]).is_empty());
    assert_eq!(run(&direct, &[proxy, ("NO_PROXY", HERE)]), [""; 0]);
    let loopback = format!("https://localhost:{}", site.tls_port);
    assert_eq!(run(&loopback, &[proxy]), [""; 0]);
    // Plain HTTP is for this machine alone, and this machine needs no proxy.
    assert_eq!(run(&site.world.url(), &[("HTTP_PROXY", &*site.proxy)]), [""; 0]);
    assert_eq!(site.proxied(), [""; 0]);
}

/// Whoever names the authorities to trust does not mean those that come with the program.
#[test]
fn authorities_that_cannot_be_read_are_not_replaced_by_others() {
    let site = site(b"h2");
    let port = site.tls_port;
    let world = site.world.variable("SSL_CERT_FILE", "/nowhere/ca.pem");
    world.run(&format!("plan --endpoint https://localhost:{port}")).expect(4).says(&["SSL_CERT_FILE"]);
}
