//! An HTTP server on hyper and tokio as WasmEdge's guests have them.
//! usage: hyper ADDRESS:PORT|FD CONNECTIONS, where FD is a socket that listens already
use hyper::service::service_fn;
use hyper::{Body, Method, Request, Response, StatusCode};
use std::convert::Infallible;
use std::os::fd::FromRawFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

static SERVED: AtomicU32 = AtomicU32::new(0);

async fn answer(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let (method, path) = (request.method().clone(), request.uri().path().to_string());
    let body = hyper::body::to_bytes(request.into_body()).await.unwrap_or_default();
    Ok(match (method, path.as_str()) {
        (Method::GET, "/slow") => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Response::new(Body::from("slow\n"))
        }
        (Method::GET, _) => Response::new(Body::from(format!("you asked for {path}\n"))),
        (Method::POST, "/reverse") => Response::new(Body::from(body.iter().rev().copied().collect::<Vec<u8>>())),
        _ => Response::builder().status(StatusCode::NOT_FOUND).body(Body::empty()).unwrap(),
    })
}

async fn listen(place: &str) -> std::io::Result<TcpListener> {
    if let Ok(fd) = place.parse() {
        let listener = unsafe { wasmedge_wasi_socket::TcpListener::from_raw_fd(fd) };
        listener.as_ref().set_nonblocking(true)?;
        return TcpListener::from_std(listener);
    }
    TcpListener::bind(place).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let (listener, connections) = (listen(&args[1]).await?, args[2].parse()?);
    for _ in 0..connections {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let _ = hyper::server::conn::Http::new().serve_connection(stream, service_fn(answer)).await;
            SERVED.fetch_add(1, Ordering::Relaxed);
        });
    }
    // Its Waker wakes nobody who waits for sockets, so a task is not joined: the time wakes.
    while SERVED.load(Ordering::Relaxed) < connections {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("served {connections}");
    Ok(())
}
