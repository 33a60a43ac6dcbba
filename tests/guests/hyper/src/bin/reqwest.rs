//! An HTTP client on reqwest as it is for WasmEdge.
//! usage: reqwest URL [BODY]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let client = reqwest::Client::new();
    let request = match args.get(2) {
        Some(body) => client.post(&args[1]).body(body.clone()),
        None => client.get(&args[1]),
    };
    let answer = request.send().await?;
    println!("{}", answer.status());
    print!("{}", answer.text().await?);
    Ok(())
}
