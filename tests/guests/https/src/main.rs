//! An HTTPS client on what programs for WasmEdge use: its crate for sockets, rustls for TLS, with the cryptography in Rust.
//! usage: https NAME ADDRESS:PORT PATH CA.pem
use std::io::{Read, Write};
use std::sync::Arc;
use wasmedge_wasi_socket::TcpStream;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let mut roots = rustls::RootCertStore::empty();
    let pem = std::fs::read(&args[4])?;
    for cert in rustls_pemfile::certs(&mut &pem[..]) {
        roots.add(cert?)?;
    }
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls_rustcrypto::provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from(args[1].clone())?;
    let mut tls = rustls::ClientConnection::new(Arc::new(config), name)?;
    let mut tcp = TcpStream::connect(args[2].as_str())?;
    let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
    write!(stream, "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", args[3], args[1])?;
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        // a server that closes without saying so at the level of TLS
        if error.kind() != std::io::ErrorKind::UnexpectedEof {
            return Err(error.into());
        }
    }
    let text = String::from_utf8_lossy(&answer);
    print!("{}", text.split("\r\n\r\n").nth(1).unwrap_or(""));
    Ok(())
}
